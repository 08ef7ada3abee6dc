"""Tickets and calls of a clinic's day."""

import asyncio
from datetime import timedelta
from typing import Any

import grpc
import pytest

from tests.fixtures.callers import refusal
from tests.fixtures.clinic import Scene
from tests.fixtures.waiting import PATIENCE_SECONDS
from tests.fixtures.worker import Client
from yoyaku.v1 import appointment_service_pb2 as appointments
from yoyaku.v1 import queue_service_pb2 as pb

TODAY = "2026-03-02"


async def ask(scene: Scene, name: str, client: Client | None = None, **fields: Any) -> Any:
    caller = client or scene.staff
    if name not in {"CheckIn", "ListLanes", "WatchQueue"}:
        fields = {"lane_id": scene.doctor_id} | fields
    return await caller(getattr(caller.queue, name), getattr(pb, f"{name}Request")(**fields))


async def arrived(scene: Scene, time_slot: str, client: Client | None = None) -> Any:
    """The ticket of a new patient with an appointment today."""
    patient_id = await scene.book.patient()
    there = {"patient_id": patient_id, "date": TODAY}
    appointment = (await scene.book_slot(time_slot, scene.staff, **there)).appointment
    return (await ask(scene, "CheckIn", client, appointment_id=appointment.id)).ticket


async def walk_in(scene: Scene) -> Any:
    return (await ask(scene, "RegisterWalkIn")).ticket


async def lane(scene: Scene, client: Client | None = None) -> Any:
    return (await ask(scene, "GetLane", client)).lane


async def shown(scene: Scene) -> tuple[list[str], list[str], list[str]]:
    """Who is being served, who waits and who was skipped."""
    found = await lane(scene)
    return tuple([each.label for each in part] for part in (found.now_serving, found.waiting, found.skipped))  # type: ignore[return-value]


async def call(scene: Scene, room: str = "Room 1") -> str:
    label: str = (await ask(scene, "CallNext", room=room)).ticket.label
    return label


async def test_tickets_are_numbered_in_order_of_arrival_and_called_in_order_of_due_time(scene: Scene) -> None:
    early, at_nine, without = await arrived(scene, "09:30"), await arrived(scene, "09:00"), await walk_in(scene)
    assert [early.label, at_nine.label, without.label] == ["A1", "A2", "A3"]
    assert await shown(scene) == ([], ["A2", "A3", "A1"], [])
    assert [await call(scene) for _ in range(3)] == ["A2", "A3", "A1"]
    refused = await refusal(ask(scene, "CallNext", room="Room 1"))
    assert (refused.code, refused.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "LANE_EMPTY")


async def test_another_doctor_s_lane_has_another_letter_and_numbers_of_its_own(scene: Scene) -> None:
    await walk_in(scene)
    other = await scene.book.doctor(scene.clinic_id)
    ticket = (await ask(scene, "RegisterWalkIn", lane_id=other)).ticket
    assert ticket.label == "B1"
    lanes = (await ask(scene, "ListLanes", clinic_id=scene.clinic_id)).lanes
    assert [(each.letter, each.lane_id) for each in lanes] == [("A", scene.doctor_id), ("B", other)]


async def test_numbers_begin_again_at_the_clinic_s_midnight(scene: Scene) -> None:
    assert [(await walk_in(scene)).label for _ in range(2)] == ["A1", "A2"]
    scene.book.clock.advance(timedelta(hours=14, minutes=59))  # 23:59 in Tokyo
    scene.staff = await scene.worker.client("staff", clinic_ids=[scene.clinic_id])
    assert (await walk_in(scene)).label == "A3"
    scene.book.clock.advance(timedelta(minutes=1))
    assert (await walk_in(scene)).label == "A1"
    assert (await lane(scene)).date == "2026-03-03"


async def test_who_is_late_goes_behind_three_others(scene: Scene) -> None:
    doctor = await scene.book.doctor(scene.clinic_id, minutes=5)
    scene.doctor_id = doctor
    late = (await scene.book_slot("09:00", scene.staff, date=TODAY)).appointment
    for slot in ("09:20", "09:25", "09:30", "09:35"):
        await arrived(scene, slot)
    scene.book.clock.advance(timedelta(minutes=11))
    ticket = (await ask(scene, "CheckIn", appointment_id=late.id)).ticket
    assert ticket.label == "A5"
    assert (await shown(scene))[1] == ["A1", "A2", "A3", "A5", "A4"]


async def test_a_call_ends_what_its_room_had_before_and_leaves_other_rooms_alone(scene: Scene) -> None:
    for _ in range(3):
        await walk_in(scene)
    assert [await call(scene, "Room 1"), await call(scene, "Room 2")] == ["A1", "A2"]
    assert (await shown(scene))[0] in (["A1", "A2"], ["A2", "A1"])
    assert await call(scene, "Room 1") == "A3"
    assert sorted((await shown(scene))[0]) == ["A2", "A3"]


async def test_who_does_not_come_is_skipped_and_can_be_called_again(scene: Scene) -> None:
    ticket = await walk_in(scene)
    refused = await refusal(ask(scene, "Recall", ticket_id=ticket.id))
    assert (refused.reason, refused.metadata) == ("STATUS_FORBIDS", {"status": "WAITING"})
    await call(scene)
    assert (await ask(scene, "Recall", ticket_id=ticket.id)).ticket.calls == 2
    await ask(scene, "Skip", ticket_id=ticket.id)
    assert await shown(scene) == ([], [], ["A1"])
    again = (await ask(scene, "Recall", ticket_id=ticket.id)).ticket
    assert (again.calls, again.room) == (3, "Room 1")
    assert await shown(scene) == (["A1"], [], [])


async def test_a_moved_ticket_keeps_its_place_and_the_reason_is_kept(scene: Scene) -> None:
    tickets = [await walk_in(scene) for _ in range(3)]
    assert (await refusal(ask(scene, "MoveTicket", ticket_id=tickets[2].id, reason="."))).reason == "INVALID_REQUEST"
    await ask(scene, "MoveTicket", ticket_id=tickets[2].id, position=0, reason="in great pain")
    await arrived(scene, "09:00")  # due earlier than all of them
    assert (await shown(scene))[1] == ["A4", "A3", "A1", "A2"]
    told = await scene.book.rows("SELECT note FROM ticket_events WHERE event = 'moved'")
    assert told == [("in great pain",)]


async def test_a_closed_lane_lets_nobody_in_but_goes_on_calling(scene: Scene) -> None:
    await walk_in(scene)
    await ask(scene, "CloseLane")
    assert (await refusal(ask(scene, "RegisterWalkIn"))).reason == "LANE_CLOSED"
    appointment = (await scene.book_slot("09:00", scene.staff, date=TODAY)).appointment
    assert (await refusal(ask(scene, "CheckIn", appointment_id=appointment.id))).reason == "LANE_CLOSED"
    assert await call(scene) == "A1"
    await ask(scene, "CloseLane", reopen=True)
    assert (await ask(scene, "CheckIn", appointment_id=appointment.id)).ticket.label == "A2"


async def test_a_lane_gives_out_at_most_999_tickets_a_day(scene: Scene) -> None:
    await walk_in(scene)
    await scene.book.run("UPDATE lane_days SET last_number = 998")
    assert (await walk_in(scene)).label == "A999"
    refused = await refusal(ask(scene, "RegisterWalkIn"))
    assert (refused.reason, refused.metadata) == ("LANE_FULL", {"limit": "999"})


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (["StartAppointment"], (["A1"], [], [])),
        (["StartAppointment", "RevertStatus"], (["A1"], [], [])),
        (["StartAppointment", "CompleteAppointment"], ([], [], [])),
        (["RevertStatus"], ([], [], [])),
        (["MarkNoShow"], ([], [], [])),
        (["RevertStatus", "CheckInAppointment"], ([], ["A2"], [])),
        (["CancelAppointment"], ([], [], [])),
    ],
)
async def test_a_ticket_follows_its_appointment(
    scene: Scene, steps: list[str], expected: tuple[list[str], list[str], list[str]]
) -> None:
    ticket = await arrived(scene, "09:00")
    for name in steps:
        fields = {"reason": "by mistake"} if name == "RevertStatus" else {}
        request = getattr(appointments, f"{name}Request")(appointment_id=ticket.appointment_id, **fields)
        await scene.staff(getattr(scene.staff.appointments, name), request)
    assert await shown(scene) == expected


async def test_patients_check_themselves_in_within_an_hour_of_the_start_until_the_end(scene: Scene) -> None:
    for slot, reason in (("09:30", None), ("11:00", "TOO_EARLY")):
        appointment = (await scene.book_slot(slot, date=TODAY)).appointment
        attempt = ask(scene, "CheckIn", scene.patient, appointment_id=appointment.id)
        if reason:
            assert (await refusal(attempt)).reason == reason
        else:
            assert (await attempt).ticket.label == "A1"
    other = await refusal(ask(scene, "CheckIn", scene.other, appointment_id=appointment.id))
    assert other.reason == "APPOINTMENT_NOT_FOUND"
    over = (await scene.book_slot("09:00", scene.staff, patient_id=scene.other_id, date=TODAY)).appointment
    scene.book.clock.advance(timedelta(minutes=31))
    other_patient = await scene.worker.client("patient", patient_id=scene.other_id)
    refused = await refusal(ask(scene, "CheckIn", other_patient, appointment_id=over.id))
    assert refused.reason == "TOO_LATE_TO_CHANGE"


async def test_a_stream_tells_whole_lanes_as_they_change_and_no_appointments(scene: Scene) -> None:
    ticket = await arrived(scene, "09:00")
    assert ticket.appointment_id
    display = await scene.worker.client("display", clinic_ids=[scene.clinic_id])
    stream: Any = display.queue.WatchQueue(pb.WatchQueueRequest(clinic_id=scene.clinic_id), metadata=display.metadata)

    async def lanes(called: int) -> Any:
        while True:
            message = await stream.read()
            if message.HasField("lane") and len(message.lane.now_serving) == called:
                return message.lane

    first = await asyncio.wait_for(lanes(0), PATIENCE_SECONDS)
    assert [(each.label, each.appointment_id) for each in first.waiting] == [("A1", "")]
    await call(scene)
    second = await asyncio.wait_for(lanes(1), PATIENCE_SECONDS)
    assert (second.epoch, second.revision) == (first.epoch, first.revision + 1)
    assert [(each.label, each.room) for each in second.now_serving] == [("A1", "Room 1")]
    stream.cancel()
    assert not (await lane(scene, display)).now_serving[0].appointment_id
    elsewhere = await scene.worker.client("display", clinic_ids=[await scene.book.clinic()])
    assert (await refusal(ask(scene, "GetLane", elsewhere))).reason == "LANE_NOT_FOUND"


async def test_a_repeated_call_calls_nobody_else(scene: Scene) -> None:
    for _ in range(2):
        await walk_in(scene)
    fields: dict[str, Any] = {"room": "Room 1", "request_id": "019ab0c2-7d10-7c3e-9a4f-0242ac120007"}
    assert await ask(scene, "CallNext", **fields) == await ask(scene, "CallNext", **fields)
    assert (await shown(scene))[1] == ["A2"]


async def test_a_doctor_sees_the_queues_of_the_clinics_where_the_doctor_works_and_no_others(scene: Scene) -> None:
    elsewhere, strange = await scene.book.clinic(), await scene.book.clinic()
    await scene.book.doctor(strange)
    second = await scene.book.doctor(elsewhere)
    same_person = (
        "UPDATE doctors SET practitioner_id = (SELECT practitioner_id FROM doctors WHERE id = %s) WHERE id = %s"
    )
    await scene.book.run(same_person, scene.doctor_id, second)
    await walk_in(scene)
    doctor = await scene.worker.client("doctor", doctor_id=scene.doctor_id)
    assert [each.letter for each in (await ask(scene, "ListLanes", doctor, clinic_id=scene.clinic_id)).lanes] == ["A"]
    assert (await ask(scene, "GetLane", doctor)).lane.waiting
    await ask(scene, "ListLanes", doctor, clinic_id=elsewhere)
    refused = await refusal(ask(scene, "ListLanes", doctor, clinic_id=strange))
    assert (refused.code, refused.reason) == (grpc.StatusCode.PERMISSION_DENIED, "NOT_ALLOWED")
    await scene.book.run("UPDATE doctors SET active = false WHERE id = %s", second)
    left = await scene.worker.client("doctor", doctor_id=scene.doctor_id)
    assert (await refusal(ask(scene, "ListLanes", left, clinic_id=elsewhere))).reason == "NOT_ALLOWED"
