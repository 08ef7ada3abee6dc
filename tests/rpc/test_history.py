"""What happened to an appointment, for those who may see it."""

from typing import Any

import grpc

from tests.fixtures.callers import refusal
from tests.fixtures.clinic import Scene
from tests.fixtures.worker import Client
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1.appointment_pb2 import Appointment, AppointmentEvent


async def history(client: Client, appointment: Appointment, **fields: Any) -> Any:
    request = pb.ListAppointmentEventsRequest(appointment_id=appointment.id, **fields)
    return await client(client.appointments.ListAppointmentEvents, request)


def told(answer: Any) -> list[tuple[str, str]]:
    return [
        (AppointmentEvent.Name(each.event).removeprefix("APPOINTMENT_EVENT_").lower(), each.note)
        for each in answer.events
    ]


async def test_the_reasons_of_an_extra_seat_and_of_a_cancellation_are_read_by_staff_and_patient(scene: Scene) -> None:
    await scene.book_slot("10:00")
    over = {"patient_id": scene.other_id, "override_reason": "acute pain"}
    extra = (await scene.book_slot("10:00", scene.staff, **over)).appointment
    await scene.move(extra, "11:00", scene.staff)
    await scene.cancel(extra, scene.other, reason="feeling better")
    for client in (scene.staff, scene.other):
        answer = await history(client, extra)
        assert told(answer) == [
            ("overridden", "acute pain"),
            ("rescheduled", "from 2026-03-03T01:00:00Z"),
            ("cancelled", "feeling better"),
        ]
        assert answer.events[0].actor == answer.events[1].actor != answer.events[2].actor
        assert answer.events[0].event_time == extra.create_time


async def test_a_long_history_comes_in_pages(scene: Scene) -> None:
    booked = (await scene.book_slot("09:00")).appointment
    for time_slot in ("09:30", "10:00", "10:30"):
        await scene.move(booked, time_slot)
    first = await history(scene.patient, booked, size=3)
    second = await history(scene.patient, booked, size=3, page_token=first.next_page_token)
    assert [event for event, _ in told(first) + told(second)] == ["booked", *["rescheduled"] * 3]
    assert second.next_page_token == ""
    other = (await scene.book_slot("11:00")).appointment
    refused = await refusal(history(scene.patient, other, page_token=first.next_page_token))
    assert refused.reason == "PAGE_TOKEN_INVALID"


async def test_the_history_of_other_people_s_appointments_does_not_exist(scene: Scene) -> None:
    booked = (await scene.book_slot("09:00")).appointment
    refused = await refusal(history(scene.other, booked))
    assert (refused.code, refused.reason) == (grpc.StatusCode.NOT_FOUND, "APPOINTMENT_NOT_FOUND")
