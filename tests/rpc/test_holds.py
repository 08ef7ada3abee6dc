"""Holds: a slot that is kept for some minutes until its booking is confirmed."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from db.postgres.cluster.engines import Engine, connection
from tests.fixtures.book import Clock
from tests.fixtures.callers import refusal
from tests.fixtures.clinic import TUESDAY, Scene
from tests.fixtures.waiting import until
from tests.fixtures.worker import Client
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1.appointment_pb2 import AppointmentStatus

HELD = AppointmentStatus.APPOINTMENT_STATUS_HELD
SCHEDULED = AppointmentStatus.APPOINTMENT_STATUS_SCHEDULED
EXPIRED = AppointmentStatus.APPOINTMENT_STATUS_EXPIRED


async def hold(scene: Scene, time_slot: str, client: Client | None = None, **fields: Any) -> Any:
    whose = {"patient_id": scene.patient_id, "doctor_id": scene.doctor_id, "date": TUESDAY} | fields
    request = pb.HoldSlotRequest(time_slot=time_slot, **whose)
    caller = client or (scene.other if request.patient_id == scene.other_id else scene.patient)
    return (await caller(caller.appointments.HoldSlot, request)).appointment


async def confirm(scene: Scene, appointment_id: str, client: Client | None = None) -> Any:
    caller = client or scene.patient
    request = pb.ConfirmHoldRequest(appointment_id=appointment_id)
    return (await caller(caller.appointments.ConfirmHold, request)).appointment


async def release(scene: Scene, appointment_id: str) -> Any:
    request = pb.ReleaseHoldRequest(appointment_id=appointment_id)
    return (await scene.patient(scene.patient.appointments.ReleaseHold, request)).appointment


async def events(scene: Scene, appointment_id: str) -> list[object]:
    rows = await scene.book.rows(
        "SELECT event FROM appointment_events WHERE appointment_id = %s ORDER BY id", appointment_id
    )
    return [event for (event,) in rows]


async def test_a_held_slot_is_nobody_elses_until_it_is_confirmed_and_after(scene: Scene, clock: Clock) -> None:
    held = await hold(scene, "10:00")
    assert held.status == HELD
    assert held.hold_expire_time.seconds == (clock.now + timedelta(minutes=5)).timestamp()
    assert "10:00" not in await scene.free()
    assert (await refusal(scene.book_slot("10:00", patient_id=scene.other_id))).reason == "SLOT_TAKEN"
    confirmed = await confirm(scene, held.id)
    assert (confirmed.id, confirmed.status, confirmed.HasField("hold_expire_time")) == (held.id, SCHEDULED, False)
    clock.advance(timedelta(minutes=6))
    assert "10:00" not in await scene.free()
    [listed] = (await scene.list()).appointments
    assert listed == confirmed
    assert await events(scene, held.id) == ["held", "confirmed"]


async def test_a_hold_that_has_run_out_is_free_for_others_and_cannot_be_confirmed(scene: Scene, clock: Clock) -> None:
    held = await hold(scene, "10:00")
    clock.advance(timedelta(minutes=5))
    assert "10:00" in await scene.free()
    assert (await refusal(confirm(scene, held.id))).reason == "HOLD_EXPIRED"
    await scene.book_slot("10:00", patient_id=scene.other_id)
    assert (await refusal(confirm(scene, held.id))).reason == "STATUS_FORBIDS"
    assert await events(scene, held.id) == ["held", "expired"]


async def test_a_released_hold_frees_its_slot_and_nobody_is_told(scene: Scene) -> None:
    held = await hold(scene, "10:00")
    assert (await release(scene, held.id)).status == EXPIRED
    assert "10:00" in await scene.free()
    assert (await refusal(release(scene, held.id))).reason == "STATUS_FORBIDS"
    cancelled = await hold(scene, "10:30")
    await scene.cancel(cancelled)
    assert await events(scene, cancelled.id) == ["held", "released"]
    # Nothing was booked: no list and no report calls it a cancellation.
    assert {each.status for each in (await scene.list()).appointments} == {EXPIRED}
    assert await scene.book.rows("SELECT FROM procrastinate_jobs WHERE task_name = 'announce'") == []


async def test_a_confirmed_hold_is_told_and_a_booked_appointment_is_no_hold(scene: Scene) -> None:
    await confirm(scene, (await hold(scene, "10:00")).id)
    rows = await scene.book.rows("SELECT args->>'kind' FROM procrastinate_jobs WHERE task_name = 'announce'")
    assert rows == [("confirmation",)]
    booked = (await scene.book_slot("11:00")).appointment
    assert (await refusal(confirm(scene, booked.id))).reason == "STATUS_FORBIDS"
    assert (await refusal(release(scene, booked.id))).reason == "STATUS_FORBIDS"


async def test_a_patient_holds_two_slots_at_once_and_an_account_twenty(scene: Scene, clock: Clock) -> None:
    first = await hold(scene, "09:00")
    await hold(scene, "09:30")
    refused = await refusal(hold(scene, "10:00"))
    assert (refused.reason, refused.metadata["most"]) == ("TOO_MANY_HOLDS", "2")
    await release(scene, first.id)
    await hold(scene, "10:00")
    clock.advance(timedelta(minutes=5))
    crowd = await scene.book.doctor(scene.clinic_id, capacity=30)
    for _ in range(20):
        await hold(scene, "11:00", scene.staff, doctor_id=crowd, patient_id=await scene.book.patient())
    another = {"doctor_id": crowd, "patient_id": await scene.book.patient()}
    refused = await refusal(hold(scene, "11:00", scene.staff, **another))
    assert (refused.reason, refused.metadata["most"]) == ("TOO_MANY_HOLDS", "20")


async def test_patients_book_as_many_ahead_as_the_clinic_lets_them_and_staff_more(scene: Scene) -> None:
    clinic = await scene.book.clinic(max_open_appointments=2)
    doctor, elsewhere = await scene.book.doctor(clinic), scene.doctor_id
    staff = await scene.worker.client("staff", clinic_ids=[clinic])
    booked = (await scene.book_slot("09:00", doctor_id=doctor)).appointment
    await hold(scene, "09:30", doctor_id=doctor)
    refused = await refusal(scene.book_slot("10:00", doctor_id=doctor))
    assert (refused.reason, refused.metadata["max_open_appointments"]) == ("OPEN_LIMIT_REACHED", "2")
    assert (await refusal(hold(scene, "10:00", doctor_id=doctor))).reason == "OPEN_LIMIT_REACHED"
    await scene.move(booked, "10:00")
    await scene.book_slot("10:30", staff, doctor_id=doctor)
    other = (await scene.book_slot("11:00", doctor_id=elsewhere)).appointment
    assert (await refusal(scene.move(other, "11:00", doctor_id=doctor))).reason == "OPEN_LIMIT_REACHED"
    both = await scene.worker.client("staff", clinic_ids=[clinic, scene.clinic_id])
    await scene.move(other, "11:00", both, doctor_id=doctor)


async def test_a_hold_for_a_patient_who_is_no_more_is_not_confirmed(scene: Scene) -> None:
    held = await hold(scene, "10:00", scene.staff)
    await scene.book.run("UPDATE patients SET deceased = true WHERE id = %s", scene.patient_id)
    assert (await refusal(confirm(scene, held.id, scene.staff))).reason == "PATIENT_INACTIVE"
    await release(scene, held.id)


async def test_a_step_of_housekeeping_that_fails_keeps_no_other_waiting(scene: Scene, clock: Clock) -> None:
    held = await hold(scene, "10:00")
    clock.advance(timedelta(minutes=5))
    await scene.book.run("ALTER TABLE registrations RENAME TO elsewhere")
    await scene.worker.parts.housekeeping.clean_up()
    assert await events(scene, held.id) == ["held", "expired"]


async def test_the_sweeper_expires_what_has_run_out(scene: Scene, clock: Clock) -> None:
    held = await hold(scene, "10:00")
    sweeper = scene.worker.parts.housekeeping
    assert await sweeper.expire_holds() == 0
    clock.advance(timedelta(minutes=5))
    assert await sweeper.expire_holds() == 1
    assert await sweeper.expire_holds() == 0
    [listed] = (await scene.list()).appointments
    assert (listed.status, listed.HasField("hold_expire_time")) == (EXPIRED, False)
    assert await events(scene, held.id) == ["held", "expired"]


async def test_the_room_of_a_hold_that_has_run_out_is_free(scene: Scene, clock: Clock) -> None:
    await scene.book.resource(scene.clinic_id, "room")
    scan = await scene.book.appointment_type(scene.clinic_id, minutes=30, resource_kinds=["room"])
    second = await scene.book.doctor(scene.clinic_id)
    held = await hold(scene, "10:00", appointment_type_id=scan)
    other: dict[str, Any] = {"doctor_id": second, "patient_id": scene.other_id, "appointment_type_id": scan}
    assert (await refusal(scene.book_slot("10:00", **other))).reason == "RESOURCE_TAKEN"
    clock.advance(timedelta(minutes=5))
    await scene.book_slot("10:00", **other)
    assert (await refusal(confirm(scene, held.id))).reason == "HOLD_EXPIRED"


async def test_a_confirmation_that_waits_past_the_end_of_its_hold_does_not_get_a_room_that_another_booking_took(
    scene: Scene, clock: Clock, engine: Engine
) -> None:
    await scene.book.resource(scene.clinic_id, "room")
    scan = await scene.book.appointment_type(scene.clinic_id, minutes=30, resource_kinds=["room"])
    second = await scene.book.doctor(scene.clinic_id)
    held = await hold(scene, "10:00", appointment_type_id=scan)
    async with connection(engine) as pg:
        await pg.execute("BEGIN")
        await pg.execute("SELECT FROM patients WHERE id = %(id)s FOR UPDATE", {"id": scene.patient_id})
        confirming = asyncio.create_task(confirm(scene, held.id))
        await until(scene.book.waits_for_a_lock)
        clock.advance(timedelta(minutes=5))
        other: dict[str, Any] = {"doctor_id": second, "patient_id": scene.other_id, "appointment_type_id": scan}
        await scene.book_slot("10:00", **other)
        await pg.execute("ROLLBACK")
    refused = await refusal(confirming)
    # Had it waited for longer than the limit for locks, it would have been tried again, with the time of then.
    assert refused.reason == "HOLD_EXPIRED" or (refused.reason == "RESOURCE_TAKEN" and refused.alternatives)


@pytest.mark.parametrize("back", ["late", "reverted"])
async def test_a_visit_that_counts_again_makes_holds_that_have_run_out_give_way(
    scene: Scene, clock: Clock, back: str
) -> None:
    await scene.book.resource(scene.clinic_id, "room")
    scan = await scene.book.appointment_type(scene.clinic_id, minutes=30, resource_kinds=["room"])
    today = {"date": "2026-03-02", "appointment_type_id": scan}
    booked = (await scene.book_slot("09:00", scene.staff, **today)).appointment
    missed = pb.MarkNoShowRequest(appointment_id=booked.id)
    await scene.staff(scene.staff.appointments.MarkNoShow, missed)
    second = await scene.book.doctor(scene.clinic_id)
    in_the_way = [
        await hold(scene, "09:00", scene.staff, date="2026-03-02", patient_id=scene.other_id),
        await hold(scene, "09:00", scene.staff, doctor_id=second, **today),
    ]
    clock.advance(timedelta(minutes=5))
    if back == "late":
        late = pb.CheckInAppointmentRequest(appointment_id=booked.id)
        await scene.staff(scene.staff.appointments.CheckInAppointment, late)
    else:
        revert = pb.RevertStatusRequest(appointment_id=booked.id, reason="wrong patient")
        await scene.staff(scene.staff.appointments.RevertStatus, revert)
    for each in in_the_way:
        assert await events(scene, each.id) == ["held", "expired"]
    notes = await scene.book.rows("SELECT note FROM appointment_events WHERE note LIKE '%%extra seat%%'")
    assert notes == []
    occupied = await scene.book.rows("SELECT appointment_id FROM appointment_resources WHERE active")
    assert [str(each) for (each,) in occupied] == [booked.id]
