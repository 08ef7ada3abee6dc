"""Sessions that their owner lists and ends."""

import asyncio
import uuid
from datetime import timedelta
from typing import Any

import grpc
import pytest

from db.postgres.cluster.transaction import transact
from db.postgres.identity import ended_sessions
from db.valkey import refresh_tokens
from db.valkey.client import Valkey
from tests.fixtures.book import Clock
from tests.fixtures.callers import refusal
from tests.fixtures.people import People
from tests.fixtures.waiting import PATIENCE_SECONDS, until
from tests.fixtures.worker import Refusal
from yoyaku.v1 import auth_service_pb2 as pb
from yoyaku.v1 import schedule_service_pb2 as schedules
from yoyaku.v1.watch_pb2 import ClosingReason


@pytest.fixture
def store(people: People) -> Valkey:
    return people.scene.worker.parts.token_store


async def sessions(people: People, tokens: Any) -> list[Any]:
    client = people.scene.worker.stranger(tokens.access_token)
    return list((await client(client.auth.ListSessions, pb.ListSessionsRequest())).sessions)


async def end(people: People, tokens: Any, session_id: str) -> None:
    client = people.scene.worker.stranger(tokens.access_token)
    await client(client.auth.EndSession, pb.EndSessionRequest(session_id=session_id))


async def test_sessions_are_listed_with_when_they_were_used_and_which_is_this_one(people: People, clock: Clock) -> None:
    await people.join()
    began = clock.now
    first = await people.login()
    clock.advance(timedelta(minutes=1))
    second = await people.login()
    clock.advance(timedelta(minutes=1))
    first = await people.refresh(first.refresh_token)
    shown = await sessions(people, second)
    assert [each.current for each in shown] == [False, True]
    assert (shown[0].create_time.ToDatetime(), shown[0].last_use_time.ToDatetime()) == (
        began.replace(tzinfo=None),
        clock.now.replace(tzinfo=None),
    )
    assert {(each.program, each.system) for each in shown} == {("gRPC", "Linux")}
    assert [each.current for each in await sessions(people, first)] == [True, False]


async def test_an_ended_session_is_refused_at_once_and_its_access_token_within_seconds(people: People) -> None:
    await people.join()
    lost, own = await people.login(), await people.login()
    [other] = [each for each in await sessions(people, own) if not each.current]
    await end(people, own, other.id)
    assert (await refusal(people.refresh(lost.refresh_token))).reason == "SESSION_ENDED"

    async def refused() -> bool:
        try:
            await sessions(people, lost)
        except Refusal as refusal:
            return refusal.reason == "TOKEN_INVALID"
        return False

    await until(refused)
    assert [each.current for each in await sessions(people, own)] == [True]
    assert await people.refresh(own.refresh_token)
    events = "SELECT count(*) FROM security_events WHERE kind = 'session_ended'"
    assert await people.scene.book.rows(events) == [(1,)]


async def test_the_access_tokens_of_a_thief_are_refused_seconds_after_the_owner_refreshes(people: People) -> None:
    await people.join()
    stolen = (await people.login()).refresh_token
    thiefs = await people.refresh((await people.refresh(stolen)).refresh_token)
    assert await people.works(thiefs)
    assert (await refusal(people.refresh(stolen))).reason == "SESSION_ENDED"

    async def refused() -> bool:
        try:
            await people.works(thiefs)
        except Refusal as error:
            return error.reason == "TOKEN_INVALID"
        return False

    await until(refused)


async def test_a_session_that_is_ended_again_counts_as_ended_from_the_second_time_on(
    people: People, clock: Clock
) -> None:
    engine, session_id = people.scene.worker.parts.engine, str(uuid.uuid4())
    for _ in range(2):  # as when the token store failed at the first time
        clock.advance(timedelta(minutes=10))
        await transact(engine, lambda pg: ended_sessions.add(pg, session_id, clock.now))
    since = clock.now - timedelta(minutes=1)
    assert session_id in await transact(engine, lambda pg: ended_sessions.since(pg, since))


async def test_streams_of_an_ended_session_end_and_those_of_others_go_on(people: People) -> None:
    await people.join()
    lost, own = await people.login(), await people.login()
    client = people.scene.worker.stranger(lost.access_token)
    request = schedules.WatchSlotsRequest(doctor_ids=[people.scene.doctor_id])
    stream: Any = client.schedules.WatchSlots(request, metadata=client.metadata, timeout=60)
    messages = aiter(stream)
    await anext(messages)
    [other] = [each for each in await sessions(people, own) if not each.current]
    await end(people, own, other.id)

    async with asyncio.timeout(PATIENCE_SECONDS):
        *_, last = [message async for message in messages]
    assert last.closing.reason == ClosingReason.CLOSING_REASON_TOKEN_REVOKED
    assert await people.works(own)


async def test_nobody_ends_the_sessions_of_others(people: People) -> None:
    await people.join()
    await people.join("another@example.org")
    own, others = await people.login(), await people.login("another@example.org")
    [theirs] = await sessions(people, others)
    refused = await refusal(end(people, own, theirs.id))
    assert (refused.code, refused.reason) == (grpc.StatusCode.NOT_FOUND, "SESSION_NOT_FOUND")
    assert await people.refresh(others.refresh_token)


async def test_sessions_that_ended_are_not_listed(people: People, clock: Clock) -> None:
    await people.join()
    out, unused, before = await people.login(), await people.login(), await people.login()
    await people.logout(out.refresh_token)
    own = await people.change_password(before)
    assert [each.current for each in await sessions(people, own)] == [True]
    assert unused
    clock.advance(timedelta(days=7))
    later = await people.login(password="another long one")
    assert len(await sessions(people, later)) == 1


async def test_with_one_session_too_many_that_which_was_used_longest_ago_ends(
    people: People, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh_tokens, "MOST_SESSIONS", 3)
    await people.join()
    begun, ended = [], [await people.login() for _ in range(2)]
    for each in ended:
        await people.logout(each.refresh_token)
    for _ in range(3):
        begun.append(await people.login())
        clock.advance(timedelta(seconds=1))
    begun[0] = await people.refresh(begun[0].refresh_token)
    clock.advance(timedelta(seconds=1))
    begun.append(await people.login())
    assert len(await sessions(people, begun[3])) == 3
    assert (await refusal(people.refresh(begun[1].refresh_token))).reason == "SESSION_ENDED"
    assert await people.refresh(begun[0].refresh_token)


async def test_a_damaged_list_of_sessions_keeps_nobody_from_signing_in(people: People, store: Valkey) -> None:
    account_id = await people.join()
    await store.set(f"families:{account_id}", "damaged")
    tokens = await people.login()
    await store.set(f"families:{account_id}", "damaged")
    tokens = await people.refresh(tokens.refresh_token)
    assert await sessions(people, tokens) == []
    assert len(await sessions(people, await people.login())) == 1
