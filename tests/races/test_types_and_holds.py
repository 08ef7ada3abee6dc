"""Types of appointment, rooms and holds at once, over real gRPC and two worker processes."""

from itertools import cycle
from typing import Any

from tests.fixtures.book import Book
from tests.fixtures.worker import Client
from tests.fixtures.workers import Fleet
from tests.races.calls import DAY, at_once, booking, create, staff_of
from yoyaku.v1 import appointment_service_pb2 as pb


async def test_two_types_race_for_the_last_room_and_one_gets_it(fleet: Fleet, book: Book) -> None:
    clinic = await book.clinic()
    await book.resource(clinic, "room")
    types = [await book.appointment_type(clinic, minutes=minutes, resource_kinds=["room"]) for minutes in (30, 60)]
    staff = cycle(await staff_of(fleet, clinic))
    calls = []
    for number in range(20):
        request = booking(await book.patient(), await book.doctor(clinic), "10:00")
        request.appointment_type_id = types[number % 2]
        calls.append(create(next(staff), request))
    answers, refusals = await at_once(calls)
    assert (len(answers), {each.reason for each in refusals}) == (1, {"RESOURCE_TAKEN"})
    assert await book.rows("SELECT count(*) FROM appointment_resources WHERE active") == [(1,)]


async def test_moves_and_bookings_that_need_two_rooms_wait_for_each_other_and_all_end(fleet: Fleet, book: Book) -> None:
    clinic = await book.clinic()
    for kind in ("device", "room") * 3:
        await book.resource(clinic, kind)
    both = await book.appointment_type(clinic, minutes=30, resource_kinds=["device", "room"])
    staff = cycle(await staff_of(fleet, clinic))

    def wanted(patient: str, doctor: str, time_slot: str) -> pb.CreateAppointmentRequest:
        request = booking(patient, doctor, time_slot)
        request.appointment_type_id = both
        return request

    people = [(await book.patient(), await book.doctor(clinic)) for _ in range(6)]
    first, _ = await at_once([create(next(staff), wanted(*each, "10:00")) for each in people])
    assert len(first) == 3
    moves = []
    for answer in first:
        client = next(staff)
        request = pb.RescheduleAppointmentRequest(
            appointment_id=answer.appointment.id, date=answer.appointment.date, time_slot="11:00"
        )
        moves.append(client(client.appointments.RescheduleAppointment, request))
    newcomers = [(await book.patient(), await book.doctor(clinic)) for _ in range(6)]
    answers, refusals = await at_once([*moves, *(create(next(staff), wanted(*each, "11:00")) for each in newcomers)])
    assert (len(answers), {each.reason for each in refusals}) == (3, {"RESOURCE_TAKEN"})
    overlaps = (
        "SELECT FROM appointment_resources a JOIN appointment_resources b USING (resource_id)"
        " WHERE a.active AND b.active AND a.during && b.during AND a.appointment_id < b.appointment_id"
    )
    assert await book.rows(overlaps) == []


async def test_two_confirms_of_one_hold_and_a_hold_that_runs_out_against_a_new_booker_end_in_one(
    fleet: Fleet, book: Book
) -> None:
    clinic = await book.clinic()
    doctor, patient, newcomer = await book.doctor(clinic), await book.patient(), await book.patient()
    one, two = await staff_of(fleet, clinic)

    async def held(time_slot: str) -> str:
        request = pb.HoldSlotRequest(patient_id=patient, doctor_id=doctor, date=DAY, time_slot=time_slot)
        answer = await one(one.appointments.HoldSlot, request)
        return str(answer.appointment.id)

    def confirmed(client: Client, appointment_id: str) -> Any:
        return client(client.appointments.ConfirmHold, pb.ConfirmHoldRequest(appointment_id=appointment_id))

    twice = await held("10:00")
    answers, refusals = await at_once([confirmed(client, twice) for client in (one, two, one, two)])
    assert (len(answers), {each.reason for each in refusals}) == (1, {"STATUS_FORBIDS"})

    # The sweeper runs once a minute; for some of these holds the end is now.
    for number, time_slot in enumerate(("09:00", "09:30", "10:30", "11:00", "11:30")):
        lapsing = await held(time_slot)
        await book.run(
            "UPDATE appointments SET held_until = now() + %s * interval '40 milliseconds' WHERE id = %s",
            number,
            lapsing,
        )
        booked = create(two, booking(newcomer, doctor, time_slot))
        answers, refusals = await at_once([confirmed(one, lapsing), booked])
        assert len(answers) <= 1
        assert {each.reason for each in refusals} <= {"HOLD_EXPIRED", "STATUS_FORBIDS", "SLOT_TAKEN"}
        if not answers:  # the booker came too early, the confirmation too late
            await create(two, booking(newcomer, doctor, time_slot))
    active = "SELECT count(*) FROM appointments WHERE status IN ('held', 'scheduled')"
    assert await book.rows(active) == [(6,)]
