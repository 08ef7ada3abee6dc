"""Moving and cancelling appointments."""

from typing import Any

import grpc

from tests.fixtures.callers import refusal
from tests.fixtures.clinic import TUESDAY, Scene
from yoyaku.v1.appointment_pb2 import APPOINTMENT_STATUS_CANCELLED, Appointment


async def booked(scene: Scene, time_slot: str = "10:00", **fields: object) -> Appointment:
    response = await scene.book_slot(time_slot, **fields)  # type: ignore[arg-type]
    appointment: Appointment = response.appointment
    return appointment


async def test_a_cancelled_slot_is_free_at_once(scene: Scene) -> None:
    appointment = await booked(scene)
    cancelled = await scene.cancel(appointment, reason="better")
    assert cancelled.appointment.status == APPOINTMENT_STATUS_CANCELLED
    assert (cancelled.revision, cancelled.appointment.etag) == (2, "2")
    assert "10:00" in await scene.free()
    await scene.book_slot("10:00", patient_id=scene.other_id)


async def test_what_is_cancelled_cannot_be_cancelled_or_moved(scene: Scene) -> None:
    appointment = await booked(scene)
    await scene.cancel(appointment)
    for attempt in (scene.cancel(appointment), scene.move(appointment, "11:00")):
        refused = await refusal(attempt)
        assert (refused.code, refused.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "STATUS_FORBIDS")
        assert refused.metadata == {"status": "CANCELLED"}


async def test_a_moved_appointment_keeps_its_id_and_frees_its_slot(scene: Scene) -> None:
    appointment = await booked(scene)
    moved = await scene.move(appointment, "11:00", date="2026-03-04")
    assert (moved.appointment.id, moved.appointment.date) == (appointment.id, "2026-03-04")
    assert [(row.date, row.revision) for row in moved.day_revisions] == [(TUESDAY, 2), ("2026-03-04", 1)]
    assert "10:00" in await scene.free()
    assert "11:00" not in await scene.free("2026-03-04")


async def test_an_appointment_may_overlap_its_own_old_slot(scene: Scene) -> None:
    doctor = await scene.book.doctor(scene.clinic_id, [("09:00", "11:00")], minutes=60)
    appointment = await booked(scene, "09:00", doctor_id=doctor)
    await scene.set_hours([("09:30", "11:30")], minutes=60, doctor_id=doctor)
    assert await scene.free(doctor_id=doctor) == ["10:30"]
    moved = await scene.move(appointment, "09:30")
    assert moved.appointment.time_slot == "09:30"
    assert await scene.free(doctor_id=doctor) == ["10:30"]


async def test_a_move_to_the_slot_where_it_is_changes_nothing_and_tells_nobody(scene: Scene) -> None:
    appointment = await booked(scene)
    before = await everything_kept(scene)
    same: list[dict[str, Any]] = [{}, {"doctor_id": scene.doctor_id}, {"etag": appointment.etag}]
    for fields in same:
        moved = await scene.move(appointment, "10:00", **fields)
        assert (moved.appointment, list(moved.day_revisions)) == (appointment, [])
    assert await everything_kept(scene) == before
    assert (await refusal(scene.move(appointment, "10:00", etag="7"))).reason == "ETAG_MISMATCH"
    await scene.cancel(appointment)
    assert (await refusal(scene.move(appointment, "10:00"))).reason == "STATUS_FORBIDS"


async def everything_kept(scene: Scene) -> list[list[tuple[object, ...]]]:
    """Revisions, histories, feeds and jobs."""
    tables = ("appointments", "schedule_days", "appointment_events", "appointment_changes", "procrastinate_jobs")
    return [await scene.book.rows(f"SELECT to_jsonb(kept) FROM {table} kept") for table in tables]  # noqa: S608


async def test_a_move_that_fails_leaves_the_old_slot(scene: Scene) -> None:
    await booked(scene, "11:00", patient_id=scene.other_id)
    appointment = await booked(scene)
    refused = await refusal(scene.move(appointment, "11:00"))
    assert refused.reason == "SLOT_TAKEN"
    assert refused.alternatives
    assert "11:00" not in [slot.time_slot for slot in refused.alternatives.slots]
    [still] = (await scene.list()).appointments
    assert still == appointment


async def test_an_appointment_moves_to_another_doctor_and_clinic(scene: Scene) -> None:
    abroad = await scene.book.clinic("Europe/London")
    doctor = await scene.book.doctor(abroad)
    appointment = await booked(scene)
    moved = await scene.move(appointment, "09:30", doctor_id=doctor)
    assert moved.appointment.doctor.id == doctor
    assert moved.appointment.clinic.time_zone == "Europe/London"
    assert {row.doctor_id for row in moved.day_revisions} == {doctor, scene.doctor_id}
    refused = await refusal(
        scene.cancel(moved.appointment, scene.staff)
    )  # not a clinic of that member of staff any more
    assert refused.reason == "APPOINTMENT_NOT_FOUND"


async def test_a_stale_etag_is_refused_and_the_current_one_told(scene: Scene) -> None:
    appointment = await booked(scene)
    await scene.move(appointment, "11:00", etag=appointment.etag)
    for attempt in (
        scene.move(appointment, "09:00", etag=appointment.etag),
        scene.cancel(appointment, etag=appointment.etag),
    ):
        refused = await refusal(attempt)
        assert (refused.code, refused.reason) == (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")
        assert refused.metadata == {"etag": "2"}
    await scene.cancel(appointment, etag='W/"2"')


async def test_patients_change_until_the_clinic_s_limit_and_staff_after_it(scene: Scene) -> None:
    clinic = await scene.book.clinic(cancel_by_minutes=120)
    doctor = await scene.book.doctor(clinic)
    staff = await scene.worker.client("staff", clinic_ids=[clinic])
    fields = {"doctor_id": doctor, "date": "2026-03-02"}  # the clock shows 09:00 of that day
    appointment = await booked(scene, "10:30", **fields)
    for attempt in (scene.cancel(appointment), scene.move(appointment, "09:00")):
        refused = await refusal(attempt)
        assert refused.reason == "TOO_LATE_TO_CHANGE"
    await scene.move(appointment, "11:30", staff, date="2026-03-02")
    await scene.cancel(appointment)


async def test_other_people_s_appointments_do_not_exist(scene: Scene) -> None:
    appointment = await booked(scene)
    strangers = [
        scene.other,
        await scene.worker.client("staff", clinic_ids=[await scene.book.clinic()]),
        await scene.worker.client("doctor", doctor_id=await scene.book.doctor(scene.clinic_id)),
    ]
    for stranger in strangers:
        for attempt in (scene.cancel(appointment, stranger), scene.move(appointment, "11:00", stranger)):
            refused = await refusal(attempt)
            assert refused.reason == "APPOINTMENT_NOT_FOUND"
    for role, clinics in (("admin", []), ("display", [scene.clinic_id])):
        caller = await scene.worker.client(role, clinic_ids=clinics)
        assert (await refusal(scene.cancel(appointment, caller))).reason == "NOT_ALLOWED"
    await scene.cancel(appointment, await scene.worker.client("doctor", doctor_id=scene.doctor_id))
