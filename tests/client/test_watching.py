"""The client follows a clinic's appointments over lost connections, tokens that end and servers that restart."""

import asyncio
from contextlib import aclosing
from datetime import timedelta
from typing import Any

import pytest

from tests.fixtures.book import Book, Clock
from tests.fixtures.clinic import Scene
from tests.fixtures.workers import Fleet
from tests.races.calls import booking, create
from yoyaku import BlockingClient, Client, FeedCompacted, NotAllowed, Unauthenticated, streams
from yoyaku.v1.appointment_service_pb2 import WatchAppointmentsResponse

SLOTS = ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]


async def changes(told: Any, count: int) -> list[WatchAppointmentsResponse]:
    """The next messages with a change."""
    found: list[WatchAppointmentsResponse] = []
    async with asyncio.timeout(60):
        while len(found) < count:
            message = await anext(told)
            found += [message] if message.HasField("change") else []
    return found


async def test_a_restarted_server_costs_no_change_and_repeats_none(fleet: Fleet, book: Book) -> None:
    clinic = await book.clinic()
    doctor = await book.doctor(clinic)
    [first, second] = await fleet.clients("staff", clinic_ids=[clinic])
    authorization = dict(first.metadata)["authorization"]
    patients = [await book.patient() for _ in SLOTS]
    booked = []
    async with (
        Client(f"http://{fleet.addresses[0]}", token=authorization.removeprefix("Bearer ")) as client,
        aclosing(client.watch_appointments(clinic)) as told,
    ):
        assert (await anext(told)).HasField("heartbeat")
        seen: list[WatchAppointmentsResponse] = []
        for patient, slot in zip(patients, SLOTS, strict=True):
            booked.append((await create(second, booking(patient, doctor, slot))).appointment.id)
            if slot == "10:00":
                await fleet.restart(0)
            if slot in ("09:30", "11:30"):
                seen += await changes(told, len(booked) - len(seen))
    assert [message.change.appointment_id for message in seen] == booked
    assert [message.position for message in seen] == [f"1.{number}" for number in range(1, len(SLOTS) + 1)]


async def test_a_token_that_ends_is_replaced(scene: Scene, clock: Clock) -> None:
    account = await scene.book.account("system", clinic_ids=[scene.clinic_id])
    issued = []

    async def token() -> str:
        issued.append(await scene.worker.parts.tokens.issue(account) or "")
        return issued[-1]

    async with (
        Client(f"http://{scene.worker.address}", token=token) as client,
        aclosing(client.watch_appointments(scene.clinic_id)) as told,
    ):
        await anext(told)
        clock.advance(timedelta(minutes=15))
        booked = await scene.book_slot("10:00", await scene.worker.client("staff", clinic_ids=[scene.clinic_id]))
        [message] = await changes(told, 1)
        assert (await anext(told)).HasField("heartbeat")  # of the next stream
    assert message.change.appointment == booked.appointment
    assert len(issued) == 2


async def test_new_tokens_that_are_refused_too_are_followed_by_others_after_growing_pauses_and_not_for_ever(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = [streams.before_renewal(number) for number in range(streams.MOST_RENEWALS)]
    assert pauses[0] == 0  # the first may only have ended
    assert min(pauses[1:]) >= 1
    assert 45 <= sum(pauses) <= 100
    issued: list[str] = []

    def token() -> str:
        issued.append(f"refused {len(issued)}")
        return issued[-1]

    async with Client(f"http://{scene.worker.address}", token=token) as client:
        monkeypatch.setattr(streams, "_LONGEST_PAUSE", 0.01)
        with pytest.raises(Unauthenticated):
            await asyncio.wait_for(anext(client.watch_appointments(scene.clinic_id)), 20)
    assert len(issued) == len(pauses) + 1


async def test_what_cannot_be_watched_is_raised(scene: Scene, clock: Clock) -> None:
    await scene.book_slot("10:00")
    clock.advance(timedelta(days=8))
    await scene.worker.parts.housekeeping.forget_changes()
    token = await scene.worker.parts.tokens.issue(await scene.book.account("staff", clinic_ids=[scene.clinic_id]))
    async with Client(f"http://{scene.worker.address}", token=token) as client:
        with pytest.raises(FeedCompacted) as compacted:
            await anext(client.watch_appointments(scene.clinic_id, after="1.0"))
        assert compacted.value.metadata == {"position": "1.1"}
        with pytest.raises(NotAllowed):
            await anext(client.watch_appointments(await scene.book.clinic()))


async def test_a_script_watches_without_a_loop_of_its_own(scene: Scene) -> None:
    token = await scene.worker.parts.tokens.issue(await scene.book.account("staff", clinic_ids=[scene.clinic_id]))

    def script() -> str:
        with BlockingClient(f"http://{scene.worker.address}", token=token) as client:
            for told in client.watch_appointments(scene.clinic_id, after="1.0"):
                if told.HasField("change"):
                    return told.change.appointment_id
        raise AssertionError

    booked = await scene.book_slot("10:00")
    assert await asyncio.to_thread(script) == booked.appointment.id
