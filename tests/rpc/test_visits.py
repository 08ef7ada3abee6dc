"""How far a visit has come: check-in, start, end, no-show and the step back."""

from datetime import timedelta
from typing import Any

import grpc
import pytest

from tests.fixtures.callers import refusal
from tests.fixtures.clinic import Scene
from tests.fixtures.feed import following
from tests.fixtures.worker import Client
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1.appointment_pb2 import Appointment, AppointmentEvent, AppointmentStatus

STEPS = {
    "CheckInAppointment": pb.CheckInAppointmentRequest,
    "StartAppointment": pb.StartAppointmentRequest,
    "CompleteAppointment": pb.CompleteAppointmentRequest,
    "MarkNoShow": pb.MarkNoShowRequest,
    "RevertStatus": pb.RevertStatusRequest,
}
ARRIVE, START, COMPLETE, MISS, REVERT = STEPS
TODAY = "2026-03-02"
MISTAKE = {"reason": "wrong patient"}


async def step(scene: Scene, name: str, appointment: Appointment, client: Client | None = None, **fields: Any) -> Any:
    caller = client or scene.staff
    fields = (MISTAKE if name == REVERT else {}) | fields
    return await caller(getattr(caller.appointments, name), STEPS[name](appointment_id=appointment.id, **fields))


def status(answer: Any) -> str:
    return AppointmentStatus.Name(answer.appointment.status).removeprefix("APPOINTMENT_STATUS_")


async def booked_today(scene: Scene, **fields: Any) -> Appointment:
    """An appointment that begins now."""
    appointment: Appointment = (await scene.book_slot("09:00", date=TODAY, **fields)).appointment
    return appointment


async def test_a_visit_goes_from_check_in_to_its_end_and_history_and_feed_tell_it(scene: Scene) -> None:
    appointment = await booked_today(scene)
    system = await scene.worker.client("system", clinic_ids=[scene.clinic_id])
    async with following(system, scene.clinic_id) as feed:
        await feed.message()
        doctor = await scene.worker.client("doctor", doctor_id=scene.doctor_id)
        for name, client, expected in (
            (ARRIVE, scene.staff, "CHECKED_IN"),
            (START, doctor, "IN_PROGRESS"),
            (COMPLETE, doctor, "COMPLETED"),
        ):
            answer = await step(scene, name, appointment, client, etag=appointment.etag)
            assert status(answer) == expected
            assert answer.revision == int(answer.appointment.etag)
            change = await feed.change()
            assert change.appointment == answer.appointment
            appointment = answer.appointment
    assert await history(scene, appointment) == ["BOOKED", "CHECKED_IN", "STARTED", "COMPLETED"]


async def history(scene: Scene, appointment: Appointment) -> list[str]:
    request = pb.ListAppointmentEventsRequest(appointment_id=appointment.id)
    events = (await scene.staff(scene.staff.appointments.ListAppointmentEvents, request)).events
    return [AppointmentEvent.Name(each.event).removeprefix("APPOINTMENT_EVENT_") for each in events]


@pytest.mark.parametrize(
    ("done", "possible"),
    [
        ([], {ARRIVE: "CHECKED_IN", MISS: "NO_SHOW"}),
        ([ARRIVE], {START: "IN_PROGRESS", MISS: "NO_SHOW", REVERT: "SCHEDULED"}),
        ([ARRIVE, START], {COMPLETE: "COMPLETED", REVERT: "CHECKED_IN"}),
        ([ARRIVE, START, COMPLETE], {REVERT: "IN_PROGRESS"}),
        ([MISS], {ARRIVE: "CHECKED_IN", REVERT: "SCHEDULED"}),
        (["cancel"], {}),
    ],
)
async def test_only_the_steps_of_the_table_are_possible(
    scene: Scene, done: list[str], possible: dict[str, str]
) -> None:
    for name in STEPS:
        appointment = await booked_today(scene)
        for before in done:
            await (scene.cancel(appointment, scene.staff) if before == "cancel" else step(scene, before, appointment))
        if name in possible:
            assert status(await step(scene, name, appointment)) == possible[name]
        else:
            refused = await refusal(step(scene, name, appointment))
            assert (refused.code, refused.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "STATUS_FORBIDS")
        await scene.book.run("UPDATE appointments SET status = 'cancelled'")


async def test_a_repeated_step_gets_the_first_answer_and_a_stale_etag_is_refused(scene: Scene) -> None:
    appointment = await booked_today(scene)
    request_id = "019ab0c2-7d10-7c3e-9a4f-0242ac120007"
    first = await step(scene, ARRIVE, appointment, request_id=request_id)
    assert await step(scene, ARRIVE, appointment, request_id=request_id) == first
    assert (await refusal(step(scene, START, appointment, etag=appointment.etag))).reason == "ETAG_MISMATCH"


async def test_nobody_is_checked_in_for_another_day_or_missed_before_the_start(scene: Scene) -> None:
    appointment = (await scene.book_slot("10:00")).appointment  # 25 hours ahead
    for name, opens_at in ((ARRIVE, "2026-03-02T13:00:00Z"), (MISS, "2026-03-03T01:00:00Z")):
        refused = await refusal(step(scene, name, appointment))
        assert (refused.reason, refused.metadata) == ("TOO_EARLY", {"opens_at": opens_at})


async def test_a_step_back_takes_a_reason_in_words_that_the_history_keeps(scene: Scene) -> None:
    appointment = await booked_today(scene)
    await step(scene, ARRIVE, appointment)
    assert (await refusal(step(scene, REVERT, appointment, reason="..."))).reason == "INVALID_REQUEST"
    await step(scene, REVERT, appointment)
    request = pb.ListAppointmentEventsRequest(appointment_id=appointment.id)
    events = (await scene.patient(scene.patient.appointments.ListAppointmentEvents, request)).events
    assert events[-1].note == MISTAKE["reason"]


async def test_a_no_show_frees_the_slot_and_a_late_check_in_takes_it_back(scene: Scene) -> None:
    appointment = await booked_today(scene)
    await step(scene, MISS, appointment)
    walk_in = (await scene.book_slot("09:00", scene.staff, patient_id=scene.other_id, date=TODAY)).appointment
    assert status(await step(scene, ARRIVE, appointment)) == "CHECKED_IN"
    seats = await scene.book.rows("SELECT id, seat FROM appointments ORDER BY seat")
    assert [(str(each), seat) for each, seat in seats] == [(walk_in.id, 1), (appointment.id, 2)]
    assert await history(scene, appointment) == ["BOOKED", "MISSED", "CHECKED_IN"]


async def test_a_patient_who_sits_elsewhere_by_now_is_not_checked_in_twice(scene: Scene) -> None:
    appointment = await booked_today(scene)
    await step(scene, MISS, appointment)
    other = await scene.book.doctor(scene.clinic_id)
    await scene.book_slot("09:00", scene.staff, doctor_id=other, date=TODAY)
    refused = await refusal(step(scene, ARRIVE, appointment))
    assert (refused.code, refused.reason) == (grpc.StatusCode.ALREADY_EXISTS, "PATIENT_BUSY")
    elsewhere = await scene.book.clinic()
    colleague = await scene.book.doctor(elsewhere, practitioner_id=await scene.book.practitioner_of(scene.doctor_id))
    staff = await scene.worker.client("staff", clinic_ids=[elsewhere])
    await scene.book_slot("09:00", staff, doctor_id=colleague, patient_id=scene.other_id, date=TODAY)
    await scene.book.run("UPDATE appointments SET status = 'cancelled' WHERE doctor_id = %s", other)
    refused = await refusal(step(scene, ARRIVE, appointment))
    assert (refused.code, refused.reason) == (grpc.StatusCode.ALREADY_EXISTS, "SLOT_TAKEN")


async def test_a_visit_that_takes_too_long_is_a_delay_and_no_conflict_for_the_next(scene: Scene) -> None:
    doctor_id = await scene.book.doctor(scene.clinic_id, minutes=5)
    first = await booked_today(scene, doctor_id=doctor_id)
    await step(scene, ARRIVE, first)
    await step(scene, START, first)
    scene.book.clock.advance(timedelta(minutes=7))  # two minutes past its end
    there = {"patient_id": scene.other_id, "doctor_id": doctor_id, "date": TODAY}
    after = (await scene.book_slot("09:05", scene.staff, **there)).appointment
    assert status(await step(scene, ARRIVE, after)) == "CHECKED_IN"
    ended = await step(scene, COMPLETE, first)
    assert (ended.appointment.start_time, ended.appointment.end_time) == (first.start_time, first.end_time)
    assert (await scene.free(TODAY, doctor_id))[0] == "09:10"


async def test_steps_are_for_staff_of_the_clinic_and_the_doctor(scene: Scene) -> None:
    appointment = await booked_today(scene)
    system = await scene.worker.client("system", clinic_ids=[scene.clinic_id])
    elsewhere = await scene.worker.client("staff", clinic_ids=[await scene.book.clinic()])
    refused = {scene.patient: "NOT_ALLOWED", system: "NOT_ALLOWED", elsewhere: "APPOINTMENT_NOT_FOUND"}
    for client, reason in refused.items():
        assert (await refusal(step(scene, ARRIVE, appointment, client))).reason == reason
