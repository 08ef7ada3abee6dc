"""The minimum notice and the horizon bind patients; who books for others passes both."""

import asyncio
from datetime import timedelta

import pytest

from db.postgres.cluster.engines import connection
from tests.fixtures.book import Clock
from tests.fixtures.callers import refusal
from tests.fixtures.clinic import Scene
from tests.fixtures.waiting import until

TODAY, LAST, BEYOND = "2026-03-02", "2026-03-12", "2026-03-13"  # the clock shows 09:00 of today


@pytest.fixture
async def strict(scene: Scene) -> Scene:
    """The scene at a clinic that patients book an hour to ten days ahead, in slots shorter than a token lasts."""
    scene.clinic_id = await scene.book.clinic(min_notice_minutes=60, horizon_days=10, max_per_patient_day=2)
    scene.doctor_id = await scene.book.doctor(scene.clinic_id, minutes=10)
    scene.staff = await scene.worker.client("staff", clinic_ids=[scene.clinic_id])
    return scene


async def history_of(scene: Scene, appointment_id: str) -> list[tuple[object, ...]]:
    return await scene.book.rows(
        "SELECT event, note FROM appointment_events WHERE appointment_id = %s ORDER BY id", appointment_id
    )


async def test_staff_book_a_walk_in_into_the_slot_that_has_begun(strict: Scene, clock: Clock) -> None:
    clock.advance(timedelta(minutes=5))
    assert (await refusal(strict.book_slot("09:00", date=TODAY))).reason == "TOO_SHORT_NOTICE"
    booked = await strict.book_slot("09:00", strict.staff, date=TODAY)
    assert booked.revision == 1
    assert await history_of(strict, booked.appointment.id) == [("booked", "short notice")]


async def test_nobody_books_a_slot_that_is_over(strict: Scene, clock: Clock) -> None:
    clock.advance(timedelta(minutes=10))
    for caller in (strict.patient, strict.staff):
        refused = await refusal(strict.book_slot("09:00", caller, date=TODAY))
        assert (refused.reason, refused.message) == ("TOO_SHORT_NOTICE", "the slot is over: pick a later slot")


async def test_a_walk_in_takes_an_extra_seat_with_a_reason(strict: Scene) -> None:
    await strict.book_slot("09:00", strict.staff, date=TODAY)
    walk_in = {"date": TODAY, "patient_id": strict.other_id}
    assert (await refusal(strict.book_slot("09:00", strict.staff, **walk_in))).reason == "SLOT_TAKEN"
    booked = await strict.book_slot("09:00", strict.staff, override_reason="acute pain", **walk_in)
    assert await history_of(strict, booked.appointment.id) == [("overridden", "short notice, acute pain")]


async def test_a_reason_that_was_given_for_short_notice_alone_is_kept(strict: Scene) -> None:
    booked = await strict.book_slot("09:30", strict.staff, date=TODAY, override_reason="acute pain")
    assert await history_of(strict, booked.appointment.id) == [("booked", "short notice, acute pain")]


async def test_a_hospital_system_passes_both_and_the_limit_per_day_binds_everyone(strict: Scene) -> None:
    system = await strict.worker.client("system", clinic_ids=[strict.clinic_id])
    await strict.book_slot("09:00", system, date=TODAY)
    await strict.book_slot("09:30", system, date=TODAY)
    assert (await refusal(strict.book_slot("10:00", system, date=TODAY))).reason == "DAILY_LIMIT_REACHED"
    await strict.book_slot("09:00", system, date=BEYOND)


async def test_staff_move_an_appointment_past_both_limits_and_patients_do_not(strict: Scene) -> None:
    booked = await strict.book_slot("10:00", date=LAST)
    for time_slot, date, reason in (("09:30", TODAY, "TOO_SHORT_NOTICE"), ("09:30", BEYOND, "BEYOND_HORIZON")):
        assert (await refusal(strict.move(booked.appointment, time_slot, date=date))).reason == reason
    await strict.move(booked.appointment, "09:30", strict.staff, date=BEYOND)
    await strict.move(booked.appointment, "09:30", strict.staff, date=TODAY)
    assert await history_of(strict, booked.appointment.id) == [
        ("booked", ""),
        ("rescheduled", "from 2026-03-12T01:00:00Z, beyond the horizon"),
        ("rescheduled", "from 2026-03-13T00:30:00Z, short notice"),
    ]


async def test_a_walk_in_booked_by_mistake_is_cancelled_while_it_lasts(strict: Scene, clock: Clock) -> None:
    booked = await strict.book_slot("09:00", strict.staff, date=TODAY)
    clock.advance(timedelta(minutes=9))
    assert (await refusal(strict.cancel(booked.appointment))).reason == "TOO_LATE_TO_CHANGE"
    kept = await strict.book_slot("09:00", strict.staff, date=TODAY, patient_id=strict.other_id, override_reason="pain")
    await strict.cancel(booked.appointment, strict.staff)
    clock.advance(timedelta(minutes=1))
    assert (await refusal(strict.cancel(kept.appointment, strict.staff))).reason == "TOO_LATE_TO_CHANGE"


async def test_a_booking_beyond_the_horizon_waits_for_new_hours_and_follows_them(strict: Scene) -> None:
    await strict.book_slot("09:00", strict.staff, date=BEYOND)  # the worker knows the hours now
    async with connection(strict.book.engine) as pg:
        await pg.execute("BEGIN")
        await pg.execute("UPDATE doctors SET hours_version = hours_version + 1")
        await pg.execute("DELETE FROM working_sessions")
        booking = asyncio.create_task(
            refusal(strict.book_slot("09:30", strict.staff, date=BEYOND, patient_id=strict.other_id))
        )
        await until(strict.book.waits_for_a_lock)
        await pg.execute("COMMIT")
    assert (await booking).reason == "SLOT_NOT_OFFERED"


async def test_a_move_beyond_the_horizon_waits_for_new_hours_and_follows_them(strict: Scene) -> None:
    booked = await strict.book_slot("10:00", date=LAST)
    async with connection(strict.book.engine) as pg:
        await pg.execute("BEGIN")
        await pg.execute("UPDATE doctors SET hours_version = hours_version + 1")
        await pg.execute("DELETE FROM working_sessions")
        moving = asyncio.create_task(refusal(strict.move(booked.appointment, "09:30", strict.staff, date=BEYOND)))
        await until(strict.book.waits_for_a_lock)
        await pg.execute("COMMIT")
    assert (await moving).reason == "SLOT_NOT_OFFERED"
