"""Desks that call at once, over two worker processes."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any

from server.wiring import wired
from tests.fixtures.book import Book
from tests.fixtures.worker import Client
from tests.fixtures.workers import Fleet
from tests.races.calls import at_once, staff_of
from yoyaku.v1 import appointment_service_pb2 as appointments
from yoyaku.v1 import queue_service_pb2 as pb


async def call(desk: Client, doctor: str, room: str) -> Any:
    return (await desk(desk.queue.CallNext, pb.CallNextRequest(lane_id=doctor, room=room))).ticket


async def test_desks_that_call_at_once_never_call_one_ticket_and_lose_none(fleet: Fleet, book: Book) -> None:
    clinic = await book.clinic("Etc/UTC")
    doctor = await book.doctor(clinic)
    desks = cycle(await staff_of(fleet, clinic))
    issued, refused = await at_once(
        [_walk_in(next(desks), doctor) for _ in range(20)],
    )
    assert not refused
    assert sorted(each.number for each in issued) == [*range(1, 21)]
    called, refused = await at_once([call(next(desks), doctor, f"Room {number % 4}") for number in range(24)])
    assert sorted(each.number for each in called) == [*range(1, 21)]
    assert Counter(each.reason for each in refused) == {"LANE_EMPTY": 4}


async def _walk_in(desk: Client, doctor: str) -> Any:
    return (await desk(desk.queue.RegisterWalkIn, pb.RegisterWalkInRequest(lane_id=doctor))).ticket


async def test_first_tickets_of_many_doctors_at_once_get_letters_of_their_own(fleet: Fleet, book: Book) -> None:
    clinic = await book.clinic("Etc/UTC")
    doctors = [await book.doctor(clinic) for _ in range(4)]
    desks = cycle(await staff_of(fleet, clinic))
    issued, refused = await at_once([_walk_in(next(desks), each) for each in doctors])
    assert not refused
    assert sorted(each.label for each in issued) == ["A1", "B1", "C1", "D1"]


async def test_a_cancellation_and_a_call_at_once_end_in_one_state(fleet: Fleet, book: Book) -> None:
    clinic = await book.clinic(f"Etc/GMT{datetime.now(UTC).hour - 12:+d}")  # about noon there
    doctor = await book.doctor(clinic, [("00:00", "23:59")], minutes=5, capacity=20)
    desks = await staff_of(fleet, clinic)
    for round_ in range(6):
        appointment_id = await _checked_in(book, desks, doctor)
        cancelled = desks[0](
            desks[0].appointments.CancelAppointment,
            appointments.CancelAppointmentRequest(appointment_id=appointment_id),
        )
        answers, refused = await at_once([cancelled, call(desks[1], doctor, f"Room {round_}")])
        # Either the call came too late, or the ticket that it called is withdrawn.
        assert [each.reason for each in refused] in ([], ["LANE_EMPTY"])
        assert answers
        [row] = await book.rows(
            "SELECT a.status, t.status FROM appointments a JOIN tickets t ON t.appointment_id = a.id WHERE a.id = %s",
            appointment_id,
        )
        assert row == ("cancelled", "withdrawn")


async def _checked_in(book: Book, desks: Sequence[Client], doctor: str) -> str:
    appointment_id = await _booked(book, desks[0], doctor)
    await desks[0](desks[0].queue.CheckIn, pb.CheckInRequest(appointment_id=appointment_id))
    return appointment_id


async def _booked(book: Book, desk: Client, doctor: str) -> str:
    """An appointment that begins soon."""
    start = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=10)
    request = appointments.CreateAppointmentRequest(patient_id=await book.patient(), doctor_id=doctor)
    request.start_time.FromDatetime(start - timedelta(minutes=start.minute % 5))
    return str((await desk(desk.appointments.CreateAppointment, request)).appointment.id)


async def test_the_no_show_rule_and_a_check_in_at_once_end_with_the_patient_checked_in(
    fleet: Fleet, book: Book
) -> None:
    clinic = await book.clinic(f"Etc/GMT{datetime.now(UTC).hour - 12:+d}")  # about noon there
    doctor = await book.doctor(clinic, [("00:00", "23:59")], minutes=5, capacity=20)
    desks = await staff_of(fleet, clinic)
    await book.run("INSERT INTO queue_rules VALUES (%s, 10, 3, 15, 60, 1, 1)", clinic)
    ids = [await _booked(book, desks[0], doctor) for _ in range(4)]
    await book.run(
        "UPDATE appointments SET start_at = start_at - interval '1 hour', end_at = end_at - interval '1 hour',"
        " during = tstzrange(start_at - interval '1 hour', end_at - interval '1 hour')"
    )
    async with wired(fleet.settings) as parts:
        checks = [
            desk(desk.queue.CheckIn, pb.CheckInRequest(appointment_id=each))
            for desk, each in zip(cycle(desks), ids, strict=False)
        ]
        answers, refused = await at_once([parts.no_shows.mark(), *checks, parts.no_shows.mark()])
    assert not refused
    assert await book.rows("SELECT DISTINCT status FROM appointments") == [("checked_in",)]
    assert len(await book.rows("SELECT id FROM tickets WHERE status = 'waiting'")) == 4
    assert len(answers) == 6
