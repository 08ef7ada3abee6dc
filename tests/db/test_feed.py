"""Every change of an appointment stands in the feed of its clinic, numbered without gaps, for seven days."""

from datetime import timedelta

from tests.fixtures.book import Clock
from tests.fixtures.callers import refusal
from tests.fixtures.clinic import Scene

FEED = "SELECT seq, event, appointment_id FROM appointment_changes WHERE clinic_id = %s ORDER BY seq"


async def feed_of(scene: Scene, clinic_id: str) -> list[tuple[object, ...]]:
    return await scene.book.rows(FEED, clinic_id)


async def test_what_happens_to_an_appointment_is_told_in_order(scene: Scene) -> None:
    booked = (await scene.book_slot("10:00")).appointment
    moved = (await scene.move(booked, "10:30")).appointment
    await scene.cancel(moved)
    told = [(1, "booked", booked.id), (2, "rescheduled", booked.id), (3, "cancelled", booked.id)]
    assert await feed_of(scene, scene.clinic_id) == told


async def test_a_refused_booking_leaves_no_gap(scene: Scene) -> None:
    await scene.book_slot("10:00")
    assert (await refusal(scene.book_slot("10:00", patient_id=scene.other_id))).reason == "SLOT_TAKEN"
    await scene.book_slot("10:30", patient_id=scene.other_id)
    assert [row[0] for row in await feed_of(scene, scene.clinic_id)] == [1, 2]


async def test_a_move_to_another_clinic_is_told_in_both(scene: Scene) -> None:
    elsewhere = await scene.book.clinic()
    doctor = await scene.book.doctor(elsewhere)
    booked = (await scene.book_slot("10:00")).appointment
    await scene.move(booked, "11:00", doctor_id=doctor)
    assert await feed_of(scene, scene.clinic_id) == [(1, "booked", booked.id), (2, "rescheduled", booked.id)]
    assert await feed_of(scene, elsewhere) == [(1, "rescheduled", booked.id)]


async def test_an_expired_hold_is_told_before_the_booking_that_takes_its_place(scene: Scene, clock: Clock) -> None:
    held = (await scene.book_slot("10:00")).appointment
    ended = clock() - timedelta(seconds=1)
    await scene.book.run("UPDATE appointments SET status = 'held', held_until = %s WHERE id = %s", ended, held.id)
    booked = (await scene.book_slot("10:00", patient_id=scene.other_id)).appointment
    told = [(1, "booked", held.id), (2, "expired", held.id), (3, "booked", booked.id)]
    assert await feed_of(scene, scene.clinic_id) == told


async def test_changes_are_forgotten_after_seven_days(scene: Scene, clock: Clock) -> None:
    housekeeping = scene.worker.parts.housekeeping
    for slot in ("10:00", "10:30"):
        await scene.book_slot(slot, await scene.worker.client("staff", clinic_ids=[scene.clinic_id]))
    clock.advance(timedelta(days=1))
    await scene.book_slot("11:00", await scene.worker.client("staff", clinic_ids=[scene.clinic_id]), date="2026-03-05")
    clock.advance(timedelta(days=6))
    assert await housekeeping.forget_changes() == 0
    clock.advance(timedelta(seconds=1))
    assert await housekeeping.forget_changes() == 2
    assert [row[0] for row in await feed_of(scene, scene.clinic_id)] == [3]
    clock.advance(timedelta(days=1))
    assert await housekeeping.forget_changes() == 1
