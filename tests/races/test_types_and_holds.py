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


async def test_fifty_cancellations_of_one_appointment_free_its_seat_once(fleet: Fleet, book: Book) -> None:
    clinic = await book.clinic()
    doctor = await book.doctor(clinic, capacity=2)
    staff = cycle(await staff_of(fleet, clinic))
    kept, left = [
        (await create(next(staff), booking(await book.patient(), doctor, "10:00"))).appointment for _ in range(2)
    ]
    storm = []
    for _ in range(50):
        client = next(staff)
        storm.append(client(client.appointments.CancelAppointment, pb.CancelAppointmentRequest(appointment_id=left.id)))
    answers, refusals = await at_once(storm)
    assert (len(answers), {each.reason for each in refusals}) == (1, {"STATUS_FORBIDS"})
    newcomers = [booking(await book.patient(), doctor, "10:00") for _ in range(4)]
    answers, refusals = await at_once([create(next(staff), each) for each in newcomers])
    assert (len(answers), {each.reason for each in refusals}) == (1, {"SLOT_TAKEN"})
    assert await book.rows("SELECT status FROM appointments WHERE id = %s", kept.id) == [("scheduled",)]
    assert await book.rows("SELECT event FROM appointment_events WHERE appointment_id = %s ORDER BY id", left.id) == [
        ("booked",), ("cancelled",),
    ]  # fmt: skip


async def test_two_visits_and_a_booking_race_for_the_last_free_room_and_one_gets_it(fleet: Fleet, book: Book) -> None:
    clinic = await book.clinic()
    scan = await book.appointment_type(clinic, minutes=30, resource_kinds=["room"])
    staff = cycle(await staff_of(fleet, clinic))

    async def wanted() -> pb.CreateAppointmentRequest:
        request = booking(await book.patient(), await book.doctor(clinic), "10:00")
        request.appointment_type_id = scan
        return request

    for _ in range(2):
        await book.resource(clinic, "room")
    visits = [(await create(next(staff), await wanted())).appointment for _ in range(2)]
    await book.resource(clinic, "room")
    calls = [create(next(staff), await wanted())]
    for visit in visits * 4:
        client = next(staff)
        request = pb.SwapResourceRequest(appointment_id=visit.id, resource_id=visit.resources[0].id, etag=visit.etag)
        calls.append(client(client.appointments.SwapResource, request))
    answers, refusals = await at_once(calls)
    assert answers
    assert {each.reason for each in refusals} <= {"RESOURCE_TAKEN", "ETAG_MISMATCH"}
    each_has_its_own = "SELECT count(DISTINCT resource_id), count(*) FROM appointment_resources WHERE active"
    [(rooms, occupied)] = await book.rows(each_has_its_own)
    assert await book.rows("SELECT count(*) FROM appointments") == [(rooms,)] == [(occupied,)]


async def test_a_room_goes_to_a_confirmation_or_to_a_new_booking_and_never_to_both(fleet: Fleet, book: Book) -> None:
    clinic = await book.clinic()
    await book.resource(clinic, "room")
    scan = await book.appointment_type(clinic, minutes=30, resource_kinds=["room"])
    doctors = [await book.doctor(clinic) for _ in range(2)]
    patients = [await book.patient() for _ in range(2)]
    one, two = await staff_of(fleet, clinic)
    for number, time_slot in enumerate(("09:00", "09:30", "10:00", "10:30", "11:00")):
        hold = pb.HoldSlotRequest(
            patient_id=patients[0], doctor_id=doctors[0], date=DAY, time_slot=time_slot, appointment_type_id=scan
        )
        held = (await one(one.appointments.HoldSlot, hold)).appointment
        end = "UPDATE appointments SET held_until = now() + %s * interval '40 milliseconds' WHERE id = %s"
        await book.run(end, number, held.id)
        request = booking(patients[1], doctors[1], time_slot)
        request.appointment_type_id = scan
        confirmed = one(one.appointments.ConfirmHold, pb.ConfirmHoldRequest(appointment_id=held.id))
        answers, refusals = await at_once([confirmed, create(two, request)])
        assert len(answers) <= 1
        assert {each.reason for each in refusals} <= {"HOLD_EXPIRED", "RESOURCE_TAKEN"}
    booked = "SELECT count(*) FROM appointments WHERE status = 'scheduled'"
    occupied = "SELECT count(*) FROM appointment_resources JOIN appointments ON id = appointment_id"
    occupied += " WHERE active AND status = 'scheduled'"
    assert await book.rows(booked) == await book.rows(occupied)


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
