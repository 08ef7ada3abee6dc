"""A clinic gets another time zone while an appointment there is being booked, moved or cancelled."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from db.postgres.cluster.engines import connection
from tests.fixtures.clinic import TUESDAY, Scene
from tests.fixtures.waiting import until
from tests.rpc.test_clinics import update

WITHIN, BEYOND, FURTHER = "2026-03-10", "2026-09-01", "2026-09-08"
ZONE = "America/New_York"
_WAITING = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""
_KEPT = """
SELECT date = (start_at AT TIME ZONE %s)::date, to_char(start_at AT TIME ZONE %s, 'HH24:MI'), version,
    utc_offset_minutes * 60 = extract(epoch FROM (start_at AT TIME ZONE %s) - (start_at AT TIME ZONE 'UTC'))
FROM appointments WHERE id = %s
"""
Call = Callable[[], Awaitable[Any]]


async def at_the_same_moment(scene: Scene, first: Call, second: Call, needs: str = "") -> tuple[Any, Any]:
    """Begin the second call once the first has done everything but what comes last; the answers of both.

    `needs` is a query that locks what the first still needs: else both would wait for each other.
    """

    def waiting(number: int) -> Call:
        async def are() -> bool:
            return await scene.book.rows(_WAITING) == [(number,)]

        return are

    async with scene.book.locked("clinic_feeds"):  # comes last, and locks the clinic by its foreign key
        one: asyncio.Task[Any] = asyncio.ensure_future(first())
        await until(waiting(1))
        other: asyncio.Task[Any] = asyncio.ensure_future(second())
        await until(waiting(2))
        if needs:
            await scene.book.rows(needs)
    return await one, await other


@pytest.mark.parametrize("is_zone_first", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("day", [WITHIN, BEYOND])
@pytest.mark.parametrize("is_move", [False, True], ids=["booked", "moved"])
async def test_an_appointment_has_the_date_and_offset_of_the_new_zone_and_its_etag(
    scene: Scene, day: str, *, is_move: bool, is_zone_first: bool
) -> None:
    admin = await scene.worker.client("admin")

    async def change() -> Any:
        return await update(admin, scene.clinic_id, time_zone=ZONE)

    if is_move:
        booked = (await scene.book_slot("11:00", client=scene.staff, date=FURTHER)).appointment

        async def place() -> Any:
            return await scene.move(booked, "09:00", client=scene.staff, date=day)
    else:

        async def place() -> Any:
            return await scene.book_slot("09:00", client=scene.staff, date=day)

    if is_zone_first:
        _, placed = await at_the_same_moment(scene, change, place)
    else:
        placed, _ = await at_the_same_moment(scene, place, change, "SELECT FROM clinics FOR KEY SHARE NOWAIT")
    [(is_dated, time, version, is_told)] = await scene.book.rows(_KEPT, ZONE, ZONE, ZONE, placed.appointment.id)
    # What was placed before the change keeps its instant: 09:00 in Tokyo.
    assert (is_dated, time, is_told) == (True, "09:00" if is_zone_first else "20:00", True)
    assert version == int(placed.appointment.etag) + (not is_zone_first)


@pytest.mark.parametrize("day", [WITHIN, BEYOND])
async def test_who_cancels_at_the_moment_of_a_new_zone_answers_with_the_etag_that_the_appointment_then_has(
    scene: Scene, day: str
) -> None:
    admin = await scene.worker.client("admin")
    booked = (await scene.book_slot("09:00", client=scene.staff, date=day)).appointment

    async def change() -> Any:
        return await update(admin, scene.clinic_id, time_zone=ZONE)

    async def cancel() -> Any:
        return await scene.cancel(booked, client=scene.staff)

    _, cancelled = await at_the_same_moment(scene, change, cancel)
    [(_, _, version, _)] = await scene.book.rows(_KEPT, ZONE, ZONE, ZONE, booked.id)
    assert version == int(cancelled.appointment.etag)


async def test_a_day_beyond_the_horizon_is_locked_too_that_is_booked_while_the_change_waits_for_others(
    scene: Scene,
) -> None:
    admin = await scene.worker.client("admin")
    await scene.book_slot("09:00", client=scene.staff)
    async with connection(scene.book.engine) as pg:
        await pg.execute("BEGIN")
        await pg.execute("SELECT FROM schedule_days WHERE date = %s FOR UPDATE", [TUESDAY])
        change = asyncio.ensure_future(update(admin, scene.clinic_id, time_zone=ZONE))
        await until(scene.book.waits_for_a_lock)
        booked = (await scene.book_slot("09:00", client=scene.staff, date=BEYOND, patient_id=scene.other_id)).revision
        await pg.execute("ROLLBACK")
    await change
    [(revision,)] = await scene.book.rows("SELECT revision FROM schedule_days WHERE date = %s", BEYOND)
    assert revision == booked + 1
