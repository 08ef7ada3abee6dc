"""Many appointments moved or cancelled in one call."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from tests.fixtures.callers import refusal
from tests.fixtures.clinic import TUESDAY, Scene
from tests.fixtures.worker import Client
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1.appointment_pb2 import APPOINTMENT_STATUS_CANCELLED, Appointment


@pytest.fixture
async def day(scene: Scene) -> list[Appointment]:
    """Three appointments of three patients, at 09:00, 09:30 and 10:00."""
    found = []
    for time_slot in ("09:00", "09:30", "10:00"):
        patient_id = await scene.book.patient(email=f"{time_slot[:2]}{time_slot[3:]}@example.org")
        found.append((await scene.book_slot(time_slot, scene.staff, patient_id=patient_id)).appointment)
    return found


def move(appointment: Appointment, time_slot: str, **fields: Any) -> pb.RescheduleAppointmentRequest:
    place = {"date": TUESDAY, "time_slot": time_slot}
    return pb.RescheduleAppointmentRequest(appointment_id=appointment.id, **place | fields)


async def moved(scene: Scene, requests: Sequence[Any], client: Client | None = None, request_id: str = "") -> Any:
    caller = client or scene.staff
    request = pb.BatchRescheduleRequest(requests=requests, request_id=request_id)
    return (await caller(caller.appointments.BatchReschedule, request)).results


async def cancelled(scene: Scene, appointments: Sequence[Appointment], request_id: str = "", reason: str = "") -> Any:
    requests = [pb.CancelAppointmentRequest(appointment_id=each.id, reason=reason) for each in appointments]
    request = pb.BatchCancelRequest(requests=requests, request_id=request_id)
    return (await scene.staff(scene.staff.appointments.BatchCancel, request)).results


def reason_of(status: status_pb2.Status) -> str:
    info = error_details_pb2.ErrorInfo()
    status.details[0].Unpack(info)
    return str(info.reason)


async def test_a_day_is_moved_to_another_doctor_with_a_result_and_a_notice_for_each(
    scene: Scene, day: list[Appointment]
) -> None:
    cover = await scene.book.doctor(scene.clinic_id)
    results = await moved(scene, [move(each, each.time_slot, doctor_id=cover) for each in day])
    assert [each.appointment_id for each in results] == [each.id for each in day]
    assert {each.rescheduled.appointment.doctor.id for each in results} == {cover}
    revisions = [sorted(row.revision for row in each.rescheduled.day_revisions) for each in results]
    assert revisions == [[1, 4], [2, 5], [3, 6]]
    assert await scene.free(doctor_id=cover) == ["10:30", "11:00", "11:30"]
    assert len(await scene.free()) == 6
    jobs = await scene.book.rows("SELECT count(*) FROM procrastinate_jobs WHERE args->>'kind' = 'change'")
    assert jobs == [(3,)]


async def test_what_is_refused_leaves_the_others_done(scene: Scene, day: list[Appointment]) -> None:
    elsewhere = await scene.book.clinic()
    strange = (
        await scene.book_slot(
            "09:00", doctor_id=await scene.book.doctor(elsewhere), patient_id=scene.other_id, date="2026-03-05"
        )
    ).appointment
    requests = [
        move(day[0], "10:00"),  # there is somebody still
        move(day[1], "11:00", etag="7"),
        move(strange, "11:30"),
        move(day[2], "12:00"),
    ]
    results = await moved(scene, requests)
    reasons = [reason_of(each.error) for each in results]
    assert reasons == ["SLOT_TAKEN", "ETAG_MISMATCH", "APPOINTMENT_NOT_FOUND", "SLOT_NOT_OFFERED"]
    assert results[0].error.code == grpc.StatusCode.ALREADY_EXISTS.value[0]
    assert len(results[0].error.details) == 2  # the nearest slots as well
    [first, second] = await moved(scene, [move(day[2], "11:00"), move(day[0], "10:00")])
    assert first.rescheduled.appointment.time_slot == "11:00"
    assert second.rescheduled.appointment.time_slot == "10:00"  # which the one before it has left


async def test_sent_again_a_call_repeats_nothing_and_does_what_was_left(scene: Scene, day: list[Appointment]) -> None:
    request_id = str(uuid4())
    requests = [move(day[0], "11:00"), move(day[1], "10:00")]
    first = await moved(scene, requests, request_id=request_id)
    assert reason_of(first[1].error) == "SLOT_TAKEN"
    await scene.cancel(day[2], scene.staff)
    again = await moved(scene, requests, request_id=request_id.upper())
    assert again[0] == first[0]
    assert again[1].rescheduled.appointment.time_slot == "10:00"
    events = await scene.book.rows("SELECT count(*) FROM appointment_events WHERE event = 'rescheduled'")
    assert events == [(2,)]
    other = await refusal(moved(scene, requests[:1], request_id=request_id))
    assert other.reason == "REQUEST_ID_REUSED"


async def test_many_are_called_off_once(scene: Scene, day: list[Appointment]) -> None:
    request_id = str(uuid4())
    results = await cancelled(scene, day, request_id, reason="the doctor is ill")
    assert [each.cancelled.appointment.status for each in results] == [APPOINTMENT_STATUS_CANCELLED] * 3
    assert await cancelled(scene, day, request_id, reason="the doctor is ill") == results
    assert {reason_of(each.error) for each in await cancelled(scene, day)} == {"STATUS_FORBIDS"}
    notes = await scene.book.rows("SELECT DISTINCT note FROM appointment_events WHERE event = 'cancelled'")
    assert notes == [("the doctor is ill",)]


async def test_a_call_is_refused_whole_for_its_form_and_for_its_caller(scene: Scene, day: list[Appointment]) -> None:
    one = move(day[0], "11:00")
    named = move(day[0], "11:00", request_id=str(uuid4()))
    for requests in ([], [one, one], [one] * 101, [named], [move(day[0], "noon")]):
        assert (await refusal(moved(scene, requests))).reason == "INVALID_REQUEST"
    for role, fields in (("patient", {"patient_id": scene.patient_id}), ("doctor", {"doctor_id": scene.doctor_id})):
        caller = await scene.worker.client(role, **fields)
        assert (await refusal(moved(scene, [one], caller))).reason == "NOT_ALLOWED"


async def test_a_hundred_are_moved_in_one_call(scene: Scene) -> None:
    crowd, cover = [await scene.book.doctor(scene.clinic_id, capacity=50) for _ in range(2)]
    placed = []
    for number in range(100):
        patient_id = await scene.book.patient()
        time_slot = "09:00" if number < 50 else "09:30"
        booked = await scene.book_slot(time_slot, scene.staff, doctor_id=crowd, patient_id=patient_id)
        placed.append(booked.appointment)
    results = await moved(scene, [move(each, each.time_slot, doctor_id=cover) for each in placed])
    assert {each.rescheduled.appointment.doctor.id for each in results} == {cover}
    assert (await scene.free(doctor_id=cover))[0] == "10:00"


@pytest.mark.parametrize("method", ["BatchReschedule", "BatchCancel"])
async def test_an_id_in_capitals_is_the_same_appointment(scene: Scene, day: list[Appointment], method: str) -> None:
    twice = [day[0].id, day[0].id.upper()]
    request: Any = {
        "BatchReschedule": pb.BatchRescheduleRequest(
            requests=[
                pb.RescheduleAppointmentRequest(appointment_id=each, date=TUESDAY, time_slot="11:00") for each in twice
            ]
        ),
        "BatchCancel": pb.BatchCancelRequest(
            requests=[pb.CancelAppointmentRequest(appointment_id=each) for each in twice]
        ),
    }[method]
    refused = await refusal(scene.staff(getattr(scene.staff.appointments, method), request))
    assert (refused.code, refused.message) == (grpc.StatusCode.INVALID_ARGUMENT, "name each appointment once")
