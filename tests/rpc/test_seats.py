"""Who may sit where, as a caller sees it: capacity, overrides, policies and holds."""

from datetime import UTC, timedelta

from tests.fixtures.book import Clock
from tests.fixtures.callers import refusal
from tests.fixtures.clinic import TUESDAY, Scene
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1.schedule_pb2 import CLOSED_REASON_BEYOND_HORIZON


async def test_capacity_three_gives_three_seats(scene: Scene) -> None:
    group = await scene.book.doctor(scene.clinic_id, capacity=3)
    for left in (2, 1):
        patient = await scene.book.patient()
        await scene.book_slot("09:00", scene.staff, doctor_id=group, patient_id=patient)
        assert (await scene.slots(doctor_id=group)).slots[0].seats_free == left
    await scene.book_slot("09:00", doctor_id=group)
    refused = await refusal(scene.book_slot("09:00", doctor_id=group, patient_id=scene.other_id))
    assert refused.reason == "SLOT_TAKEN"


async def test_a_slot_of_a_day_with_room_for_hundreds_is_booked_like_any_other(scene: Scene) -> None:
    crowd = await scene.book.doctor(scene.clinic_id, capacity=40)
    for time_slot, patient_id in (("09:00", scene.patient_id), ("09:00", scene.other_id), ("11:30", scene.other_id)):
        booked = await scene.book_slot(time_slot, scene.staff, doctor_id=crowd, patient_id=patient_id)
        day = await scene.slots(doctor_id=crowd, min_revision=booked.revision)
    assert [slot.seats_free for slot in day.slots] == [38, 40, 40, 40, 40, 39]


async def test_staff_takes_a_patient_into_a_full_slot_with_a_reason_that_is_kept(scene: Scene) -> None:
    await scene.book_slot("10:00")
    fields = {"patient_id": scene.other_id, "override_reason": "acute pain"}
    refused = await refusal(scene.book_slot("10:00", scene.other, **fields))
    assert refused.reason == "NOT_ALLOWED"
    booked = await scene.book_slot("10:00", scene.staff, **fields)
    rows = await scene.book.rows(
        "SELECT seat, event, note FROM appointments a JOIN appointment_events ON appointment_id = a.id WHERE a.id = %s",
        booked.appointment.id,
    )
    assert rows == [(2, "overridden", "acute pain")]


async def test_staff_moves_and_holds_into_a_full_slot_with_a_reason_that_is_kept(scene: Scene) -> None:
    await scene.book_slot("10:00")
    early = (await scene.book_slot("09:00", patient_id=scene.other_id)).appointment
    assert (await refusal(scene.move(early, "10:00", scene.staff))).reason == "SLOT_TAKEN"
    assert (await refusal(scene.move(early, "10:00", scene.other, override_reason="pain"))).reason == "NOT_ALLOWED"
    moved = await scene.move(early, "10:00", scene.staff, override_reason="acute pain")
    assert await kept(scene, moved.appointment.id) == (2, "rescheduled", "from 2026-03-03T00:00:00Z, acute pain")

    hold = pb.HoldSlotRequest(
        patient_id=await scene.book.patient(), doctor_id=scene.doctor_id, date=TUESDAY, time_slot="10:00"
    )
    assert (await refusal(scene.staff(scene.staff.appointments.HoldSlot, hold))).reason == "SLOT_TAKEN"
    hold.override_reason = "!"
    assert (await refusal(scene.staff(scene.staff.appointments.HoldSlot, hold))).reason == "INVALID_REQUEST"
    hold.override_reason = "on the phone"
    held = (await scene.staff(scene.staff.appointments.HoldSlot, hold)).appointment
    assert await kept(scene, held.id) == (3, "held", "on the phone")
    await scene.staff(scene.staff.appointments.ConfirmHold, pb.ConfirmHoldRequest(appointment_id=held.id))


async def kept(scene: Scene, appointment_id: str) -> tuple[object, ...]:
    """The seat of an appointment, and the last entry of its history."""
    return (
        await scene.book.rows(
            "SELECT seat, event, note FROM appointments a JOIN appointment_events e ON appointment_id = a.id"
            " WHERE a.id = %s ORDER BY e.id DESC LIMIT 1",
            appointment_id,
        )
    )[0]


async def test_fewer_seats_than_before_do_not_make_room_when_somebody_leaves(scene: Scene) -> None:
    doctor = await scene.book.doctor(scene.clinic_id, capacity=2)
    first = await scene.book_slot("09:00", doctor_id=doctor)
    await scene.book_slot("09:00", doctor_id=doctor, patient_id=scene.other_id)
    await scene.set_hours([("09:00", "12:00")], doctor_id=doctor)  # with one seat
    await scene.cancel(first.appointment)
    assert "09:00" not in await scene.free(doctor_id=doctor)
    assert await refused(scene, "09:00", doctor_id=doctor) == "SLOT_TAKEN"


async def test_an_override_keeps_the_slot_full_when_the_patient_before_it_leaves(scene: Scene) -> None:
    first = await scene.book_slot("09:00")
    await scene.book_slot("09:00", scene.staff, patient_id=scene.other_id, override_reason="acute pain")
    await scene.cancel(first.appointment)
    assert "09:00" not in await scene.free()
    assert await refused(scene, "09:00") == "SLOT_TAKEN"


async def test_patients_in_one_half_each_of_a_longer_slot_take_one_seat_of_it(scene: Scene) -> None:
    doctor = await scene.book.doctor(scene.clinic_id, capacity=2)
    third = await scene.book.patient()
    await scene.book_slot("09:00", doctor_id=doctor)
    await scene.book_slot("09:30", doctor_id=doctor, patient_id=scene.other_id)
    await scene.set_hours([("09:00", "12:00")], minutes=60, capacity=2, doctor_id=doctor)
    assert (await scene.slots(doctor_id=doctor, min_revision=3)).slots[0].seats_free == 1
    await scene.book_slot("09:00", scene.staff, doctor_id=doctor, patient_id=third)
    assert await refused(scene, "09:00", doctor_id=doctor, patient_id=await scene.book.patient()) == "SLOT_TAKEN"


async def refused(scene: Scene, time_slot: str, **fields: str) -> str:
    """Why staff cannot book a slot for a patient who is free then."""
    patient = {"patient_id": await scene.book.patient()}
    return (await refusal(scene.book_slot(time_slot, scene.staff, **patient | fields))).reason


async def test_policies_of_the_clinic_are_kept(scene: Scene) -> None:
    strict = await scene.book.clinic(min_notice_minutes=60, horizon_days=10, max_per_patient_day=1)
    doctor = await scene.book.doctor(strict)
    today, last, beyond = "2026-03-02", "2026-03-12", "2026-03-13"  # the clock shows 09:00 of today

    async def reason_of(time_slot: str, date: str) -> str:
        refused = await refusal(scene.book_slot(time_slot, doctor_id=doctor, date=date))
        return refused.reason

    assert (await scene.free(today, doctor))[0] == "10:00"
    assert await reason_of("09:30", today) == "TOO_SHORT_NOTICE"
    assert (await scene.slots(beyond, doctor)).closed_reason == CLOSED_REASON_BEYOND_HORIZON
    assert await reason_of("09:00", beyond) == "BEYOND_HORIZON"
    await scene.book_slot("10:00", doctor_id=doctor, date=today)
    assert await reason_of("11:00", today) == "DAILY_LIMIT_REACHED"
    await scene.book_slot("09:00", doctor_id=doctor, date=last)


async def test_a_hold_that_ran_out_makes_way(scene: Scene, clock: Clock) -> None:
    held = await scene.book_slot("10:00", patient_id=scene.other_id)
    await scene.book.run(
        "UPDATE appointments SET status = 'held', held_until = %s WHERE id = %s",
        clock.now + timedelta(minutes=5),
        held.appointment.id,
    )
    await scene.book.run("UPDATE schedule_days SET revision = 2")
    day = await scene.slots(min_revision=2)
    assert "10:00" not in [slot.time_slot for slot in day.slots]
    assert day.valid_until.ToDatetime(UTC) == clock.now + timedelta(minutes=5)
    clock.advance(timedelta(minutes=5))
    assert "10:00" in await scene.free()
    await scene.book_slot("10:00")
    assert await scene.book.rows("SELECT status FROM appointments WHERE id = %s", held.appointment.id) == [("expired",)]
