"""WatchAppointments: every change of a clinic's appointments, from any position of the last seven days."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import pytest

from db.postgres.tables import appointment_events
from tests.fixtures.book import Clock
from tests.fixtures.callers import everyone, refusal
from tests.fixtures.clinic import Scene
from tests.fixtures.feed import event_of, following
from tests.fixtures.worker import Refusal
from yoyaku.v1.appointment_pb2 import AppointmentEvent, AppointmentStatus


async def refused(scene: Scene, after: str) -> Refusal:
    async with following(scene.staff, scene.clinic_id, after) as feed:
        return await refusal(feed.message())


async def add_changes(scene: Scene, appointment_id: str, count: int) -> None:
    """As many changes of one appointment as a busy day has."""
    await scene.book.run(
        "WITH feed AS (UPDATE clinic_feeds SET seq = seq + %s WHERE clinic_id = %s RETURNING clinic_id, seq)"
        " INSERT INTO appointment_changes SELECT clinic_id, seq - %s + n, %s, 'rescheduled', now()"
        " FROM feed, generate_series(1, %s) n",
        *(count, scene.clinic_id, count, appointment_id, count),
    )


async def test_changes_arrive_as_they_happen(scene: Scene) -> None:
    async with following(scene.staff, scene.clinic_id) as feed:
        assert (await feed.message()).HasField("heartbeat")
        booked = (await scene.book_slot("10:00")).appointment
        moved = (await scene.move(booked, "10:30")).appointment
        cancelled = (await scene.cancel(moved)).appointment
        changes = [await feed.change() for _ in range(3)]
    assert [event_of(change) for change in changes] == ["booked", "rescheduled", "cancelled"]
    assert {change.appointment_id for change in changes} == {booked.id}
    last = changes[-1].appointment
    assert (last.patient.id, last.status) == (scene.patient_id, AppointmentStatus.APPOINTMENT_STATUS_CANCELLED)
    assert last == cancelled


async def test_who_comes_back_with_a_position_gets_what_came_after_it(scene: Scene) -> None:
    async with following(scene.staff, scene.clinic_id) as feed:
        await feed.message()
        first = (await scene.book_slot("10:00")).appointment
        assert (await feed.change()).appointment_id == first.id
    second = (await scene.book_slot("10:30")).appointment
    async with following(scene.staff, scene.clinic_id, feed.position) as feed:
        assert (await feed.change()).appointment_id == second.id
        third = (await scene.book_slot("11:00")).appointment
        assert (await feed.change()).appointment_id == third.id


async def test_a_move_to_another_clinic_is_told_to_both_and_shown_to_the_new_one(scene: Scene) -> None:
    elsewhere = await scene.book.clinic()
    doctor = await scene.book.doctor(elsewhere)
    their_staff = await scene.worker.client("staff", clinic_ids=[elsewhere])
    booked = (await scene.book_slot("10:00")).appointment
    async with following(scene.staff, scene.clinic_id) as ours, following(their_staff, elsewhere) as theirs:
        await ours.message()
        await theirs.message()
        moved = (await scene.move(booked, "11:00", doctor_id=doctor)).appointment
        left, arrived = await ours.change(), await theirs.change()
    assert (left.appointment_id, left.HasField("appointment")) == (booked.id, False)
    assert (arrived.appointment_id, arrived.appointment) == (booked.id, moved)


async def test_positions_that_are_too_old_are_refused_with_the_one_to_go_on_from(scene: Scene, clock: Clock) -> None:
    booked = [(await scene.book_slot(slot)).appointment for slot in ("10:00", "10:30")]
    clock.advance(timedelta(days=7, seconds=1))
    scene.staff = await scene.worker.client("staff", clinic_ids=[scene.clinic_id])
    async with following(scene.staff, scene.clinic_id, "1.0") as feed:
        assert (await feed.change()).appointment_id == booked[0].id
    assert await scene.worker.parts.housekeeping.forget_changes() == 2
    refusal = await refused(scene, "1.0")
    assert (refusal.reason, refusal.metadata) == ("FEED_COMPACTED", {"position": "1.2"})
    assert (await refused(scene, "1.1")).reason == "FEED_COMPACTED"
    async with following(scene.staff, scene.clinic_id, "1.2") as feed:
        assert (await feed.message()).position == "1.2"


@pytest.mark.parametrize("after", ["0.0", "1.1", "2.0"])
async def test_positions_of_another_epoch_or_of_the_future_are_refused(scene: Scene, after: str) -> None:
    refusal = await refused(scene, after)
    assert (refusal.reason, refusal.metadata) == ("FEED_COMPACTED", {"position": "1.0"})


@pytest.mark.parametrize("after", ["7", "x.y", "-1.2", "1.2.3"])
async def test_what_is_no_position_is_refused(scene: Scene, after: str) -> None:
    assert (await refused(scene, after)).reason == "INVALID_REQUEST"


async def test_a_stream_ends_when_revisions_begin_anew(scene: Scene) -> None:
    async with following(scene.staff, scene.clinic_id) as feed:
        await feed.message()
        await scene.book.run("UPDATE cluster_epoch SET epoch = 2")
        refused = await refusal(feed.change())
    assert (refused.reason, refused.metadata) == ("FEED_COMPACTED", {"position": "2.0"})


async def test_staff_and_systems_follow_their_own_clinics_only(scene: Scene) -> None:
    seen = {}
    for name, client in (await everyone(scene)).items():
        async with following(client, scene.clinic_id) as feed:
            try:
                seen[name] = (await feed.message()).position
            except Refusal as refusal:
                seen[name] = refusal.reason
    assert {name for name, answer in seen.items() if answer == "1.0"} == {"staff", "system"}
    assert set(seen.values()) == {"1.0", "NOT_ALLOWED"}


async def test_a_clinic_that_is_none_is_not_found(scene: Scene) -> None:
    account = await scene.book.account("system")
    await scene.book.run("UPDATE accounts SET all_clinics = true WHERE id = %s", account)
    async with following(await scene.worker.client_of(account), scene.patient_id) as feed:
        refused = await refusal(feed.message())
    assert refused.reason == "CLINIC_NOT_FOUND"


async def test_a_reader_that_falls_behind_misses_nothing(scene: Scene) -> None:
    booked = (await scene.book_slot("10:00")).appointment
    async with following(scene.staff, scene.clinic_id) as slow, following(scene.staff, scene.clinic_id) as quick:
        await asyncio.gather(slow.message(), quick.message())
        await add_changes(scene, booked.id, 2_000)
        for reader in (quick, slow):
            positions = [reader.position async for _ in changes_of(reader, 2_000)]
            assert positions == [f"1.{seq}" for seq in range(2, 2_002)]


async def changes_of(feed: Any, count: int) -> Any:
    for _ in range(count):
        yield await feed.change()


async def test_many_streams_cost_the_database_what_one_costs(scene: Scene) -> None:
    await scene.book.run("CREATE EXTENSION pg_stat_statements")
    streams = [following(scene.staff, scene.clinic_id) for _ in range(20)]
    feeds = [await stream.__aenter__() for stream in streams]
    for feed in feeds:
        await feed.message()
    await scene.book.run("SELECT pg_stat_statements_reset()")
    await scene.book_slot("10:00")
    for feed in feeds:
        await feed.change()
    [[pages]] = await scene.book.rows(
        "SELECT sum(calls)::int FROM pg_stat_statements WHERE query ~ 'FROM appointment_changes\\s+WHERE clinic_id'"
        " AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    assert pages == 1
    for stream in streams:
        await stream.__aexit__(None, None, None)


def test_the_contract_has_a_name_for_every_event_of_the_history() -> None:
    known = " ".join(str(each.sqltext) for each in appointment_events.c.event.constraints)  # type: ignore[attr-defined]
    names = {f"APPOINTMENT_EVENT_{event.upper()}" for event in re.findall(r"'(\w+)'", known)}
    assert names == set(AppointmentEvent.keys()) - {"APPOINTMENT_EVENT_UNSPECIFIED"}
