"""Notices that go through SQS, as a real server of its protocol keeps them."""

import asyncio
import json
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from db.postgres.notifications.notifications import NotificationRow
from server.config import Settings
from server.domain.ids import system_clock
from server.local.processes.ports import free
from server.notifications.sqs import sqs
from tests.fixtures.clinic import Scene
from tests.fixtures.mail import Relay, notifying, start_worker, stop_worker
from tests.fixtures.sqs_server import REGION, Queues
from tests.fixtures.waiting import until
from tests.fixtures.worker import settings_for
from tests.notifications.crowd import Crowd, crowd, delivered
from tests.notifications.test_kills import Killed


@pytest.fixture
def queues(monkeypatch: pytest.MonkeyPatch) -> Iterator[Queues]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    (port,) = free(1)
    made = Queues(port)
    made.start()
    made.make()
    yield made
    with suppress(Exception):  # a test may have stopped it
        made.server.stop()


@pytest.fixture
def settings(queues: Queues, relay: Relay, database_url: str, valkey_urls: dict[str, str]) -> Settings:
    return settings_for(
        database_url,
        **valkey_urls,
        smtp_url=relay.url,
        worker_dead_after_seconds=2,
        provider_timeout_seconds=1,
        sqs_queue_url=queues.url,
        sqs_region=REGION,
        sqs_endpoint=queues.endpoint,
    )


@pytest.fixture
async def people(scene: Scene) -> Crowd:
    return await crowd(scene)


async def notice_of(people: Crowd, status: str) -> tuple[str, str]:
    """The first confirmation that gets this status: its id, and its appointment."""
    found: list[tuple[Any, ...]] = []

    async def is_there() -> bool:
        found[:] = await people.scene.book.rows(
            "SELECT id, appointment_id FROM notifications WHERE kind = 'confirmation' AND status = %s", status
        )
        return bool(found)

    await until(is_there)
    return str(found[0][0]), str(found[0][1])


async def is_empty(queues: Queues) -> None:
    async def nothing_left() -> bool:
        return await asyncio.to_thread(queues.number, queues.url) == 0

    await until(nothing_left)


async def test_notices_go_through_the_queue_each_once(
    people: Crowd, queues: Queues, settings: Settings, relay: Relay
) -> None:
    for _ in range(10):
        await people.book()
    async with notifying(settings, system_clock):
        assert await people.settled(60) == {("sent", ""): 10}
        await is_empty(queues)
    assert delivered(relay) == dict.fromkeys(people.booked, 1)
    assert queues.number(queues.dead) == 0


async def test_a_message_is_the_id_of_a_notice_and_nothing_else(queues: Queues) -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    address = "ken@example.org"
    about = ("confirmation", "appointment", None, None, 1, "email", address, "waiting", "", 0)
    async with sqs(url=queues.url, region=REGION, endpoint=queues.endpoint) as queue:
        for _ in range(2):
            await queue.send(NotificationRow("notice", *about, at, at, at, at))
    received = await asyncio.to_thread(
        queues.client().receive_message,
        QueueUrl=queues.url,
        MaxNumberOfMessages=10,
        AttributeNames=["All"],
        MessageAttributeNames=["All"],
    )
    [message] = received["Messages"]
    assert (message["Body"], message["Attributes"]["MessageGroupId"]) == ("notice", "appointment")
    assert address not in json.dumps(message)


async def test_a_message_that_comes_twice_is_a_notice_that_is_sent_once(
    people: Crowd, queues: Queues, settings: Settings, relay: Relay
) -> None:
    await people.book()
    async with notifying(settings, system_clock):
        notice, appointment = await notice_of(people, "sent")
        # As from a relay that was killed before it could say that it had sent the message, more than five minutes ago.
        for _ in range(3):
            await asyncio.to_thread(queues.send, notice, appointment)
        await asyncio.to_thread(queues.send, str(uuid.uuid4()), "of a notice that there is not")
        await is_empty(queues)
        await people.settled(30)
    assert len(relay.mails) == 1
    assert queues.number(queues.dead) == 0


async def test_while_the_queue_is_down_bookings_go_on_and_notices_wait(
    people: Crowd, queues: Queues, settings: Settings, relay: Relay
) -> None:
    queues.server.stop()
    async with notifying(settings, system_clock):
        for _ in range(3):
            await people.book()
        notice, _ = await notice_of(people, "waiting")
        assert notice
        assert relay.mails == []
        queues.start()
        assert await people.settled(60) == {("sent", ""): 3}
    assert delivered(relay) == dict.fromkeys(people.booked, 1)


async def test_a_notice_whose_message_was_purged_is_sent_after_all_and_one_that_was_being_sent_is_a_dead_letter(
    people: Crowd, settings: Settings, relay: Relay
) -> None:
    for _ in range(3):
        await people.book()
    purged, unknown, fresh = people.booked
    book = people.scene.book
    await book.run("DELETE FROM procrastinate_jobs")
    for appointment, status, minutes in ((purged, "waiting", 31), (unknown, "sending", 31), (fresh, "waiting", 20)):
        await book.run(_LEDGER, status, minutes, minutes, appointment)

    async def found() -> list[tuple[object, ...]]:
        statement = "SELECT status, outcome FROM notifications WHERE kind = 'confirmation' ORDER BY status"
        return await book.rows(statement)

    async def taken_up() -> bool:
        return await found() == [("dead", "outcome_unknown"), ("sent", ""), ("waiting", "")]

    async with notifying(settings, system_clock):
        await until(taken_up)
    assert len(relay.mails) == 1


_LEDGER = """
INSERT INTO notifications (id, kind, appointment_id, version, channel, status, outcome, attempts, due_at, expires_at,
    created_at, updated_at)
SELECT id, 'confirmation', id, version, 'email', %s, '', 0, now(), start_at,
    now() - %s * interval '1 minute', now() - %s * interval '1 minute'
FROM appointments WHERE id = %s
"""


async def test_what_fails_is_tried_again_and_is_a_dead_letter_of_ours_not_of_the_queue(
    people: Crowd, queues: Queues, settings: Settings, relay: Relay
) -> None:
    relay.answers["*"] = "451 try later"
    await people.book()
    async with notifying(settings, system_clock):
        assert await people.settled(90) == {("dead", "failed"): 1}
        await is_empty(queues)
    assert len(relay.asked) == 4
    assert queues.number(queues.dead) == 0


async def test_what_cannot_be_processed_is_a_dead_letter_of_the_queue_after_three_receipts(
    people: Crowd, queues: Queues, settings: Settings, relay: Relay
) -> None:
    await asyncio.to_thread(queues.send, "no id of a notice", "group")
    async with notifying(settings, system_clock):

        async def is_dead() -> bool:
            return await asyncio.to_thread(queues.number, queues.dead) == 1

        await until(is_dead, 60)
        await people.book()
        assert await people.settled(60) == {("sent", ""): 1}


async def test_a_consumer_that_dies_while_it_sends_leaves_the_outcome_unknown(
    people: Crowd, settings: Settings, relay: Relay
) -> None:
    relay.pause_after_data = 60
    settings = settings.model_copy(update={"provider_timeout_seconds": 60.0})
    await people.book()
    worker = await start_worker(settings)
    await relay.arrived(1)
    worker.kill()
    await worker.wait()
    worker = await start_worker(settings)
    try:
        assert await people.settled(60) == {("dead", "outcome_unknown"): 1}
    finally:
        await stop_worker(worker)
    assert len(relay.mails) == 1


async def test_a_notice_is_sent_once_or_known_to_be_unknown_whenever_relays_and_consumers_die(
    people: Crowd, queues: Queues, settings: Settings, relay: Relay
) -> None:
    relay.pause_after_data = 0.1
    async with Killed(settings) as killed:
        for _ in range(30):
            await people.book()

        async def often_enough() -> bool:
            return killed.kills >= 4

        await until(often_enough)
        await killed.spare()
        statuses = await people.settled(120)
        await is_empty(queues)
    sent, dead = await people.ids_by_status("sent"), await people.ids_by_status("dead")
    arrived = delivered(relay)
    assert statuses.keys() <= {("sent", ""), ("dead", "outcome_unknown")}
    assert sent | dead == set(people.booked)
    assert set(arrived.values()) == {1}
    assert sent <= arrived.keys() <= sent | dead
