"""What happens at once, over real gRPC and two worker processes."""

import uuid
from collections import Counter
from collections.abc import Sequence
from itertools import cycle
from typing import Any

import grpc

from tests.fixtures.book import Book
from tests.fixtures.callers import refusal
from tests.fixtures.worker import Client
from tests.fixtures.workers import Fleet
from tests.races.calls import DAY, at_once, booking, create, staff_of
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1 import schedule_service_pb2 as schedules
from yoyaku.v1.appointment_pb2 import Appointment
from yoyaku.v1.schedule_pb2 import Session


async def test_a_hundred_bookings_of_one_slot_give_one_appointment(fleet: Fleet, book: Book) -> None:
    clinic = await book.clinic()
    doctor = await book.doctor(clinic)
    staff = cycle(await staff_of(fleet, clinic))
    patients = [await book.patient() for _ in range(100)]
    answers, refusals = await at_once([create(next(staff), booking(each, doctor, "10:00")) for each in patients])
    assert len(answers) == 1
    assert Counter((each.code, each.reason) for each in refusals) == {
        (grpc.StatusCode.ALREADY_EXISTS, "SLOT_TAKEN"): 99
    }
    for each in refusals:
        assert each.alternatives
        assert "10:00" not in [
            slot.time_slot for slot in each.alternatives.slots if slot.start_time == answers[0].appointment.start_time
        ]
    assert len(await book.rows("SELECT id FROM appointments")) == 1
    assert await book.rows("SELECT revision FROM schedule_days") == [(1,)]


async def test_capacity_three_gives_three_of_twenty(fleet: Fleet, book: Book) -> None:
    clinic = await book.clinic()
    doctor = await book.doctor(clinic, capacity=3)
    staff = cycle(await staff_of(fleet, clinic))
    patients = [await book.patient() for _ in range(20)]
    answers, refusals = await at_once([create(next(staff), booking(each, doctor, "10:00")) for each in patients])
    assert (len(answers), len(refusals)) == (3, 17)
    assert sorted(answer.revision for answer in answers) == [1, 2, 3]
    assert await book.rows("SELECT seat FROM appointments ORDER BY seat") == [(1,), (2,), (3,)]


async def test_the_same_request_ten_times_at_once_is_one_appointment_and_ten_equal_answers(
    fleet: Fleet, book: Book
) -> None:
    clinic = await book.clinic()
    doctor, patient, request_id = await book.doctor(clinic), await book.patient(), str(uuid.uuid4())
    workers = await staff_of(fleet, clinic)
    request = booking(patient, doctor, "10:00", request_id)
    staff = cycle(workers)
    answers, refusals = await at_once([create(next(staff), request) for _ in range(10)])
    assert not refusals
    assert all(answer == answers[0] for answer in answers)
    assert len(await book.rows("SELECT id FROM appointments")) == 1

    spelt_otherwise = booking(patient.upper(), doctor.upper(), "10:00", request_id.upper())
    assert await create(workers[0], spelt_otherwise) == answers[0]
    refused = await refusal(create(workers[0], booking(patient, doctor, "10:30", request_id)))
    assert (refused.code, refused.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_ID_REUSED")
    refused = await refusal(
        workers[0](
            workers[0].appointments.CancelAppointment,
            pb.CancelAppointmentRequest(appointment_id=answers[0].appointment.id, request_id=request_id),
        )
    )
    assert refused.reason == "REQUEST_ID_REUSED"
    [other, _] = await staff_of(fleet, clinic)
    refused = await refusal(create(other, request))
    assert refused.reason == "SLOT_TAKEN"


async def test_a_refused_request_is_not_remembered(fleet: Fleet, book: Book) -> None:
    clinic = await book.clinic()
    doctor, first, second = await book.doctor(clinic), await book.patient(), await book.patient()
    [staff, twin] = await staff_of(fleet, clinic)
    taken = await create(staff, booking(first, doctor, "10:00"))
    request = booking(second, doctor, "10:00", str(uuid.uuid4()))
    assert (await refusal(create(staff, request))).reason == "SLOT_TAKEN"
    cancel = pb.CancelAppointmentRequest(appointment_id=taken.appointment.id)
    await staff(staff.appointments.CancelAppointment, cancel)
    assert (await create(twin, request)).appointment.patient.id == second


async def test_two_appointments_that_change_places_are_not_lost(fleet: Fleet, book: Book) -> None:
    clinic = await book.clinic()
    doctors = [await book.doctor(clinic), await book.doctor(clinic)]
    patients = [await book.patient(), await book.patient()]
    workers = await staff_of(fleet, clinic)
    placed = [
        (await create(workers[0], booking(patient, doctor, "10:00"))).appointment
        for patient, doctor in zip(patients, doctors, strict=True)
    ]

    async def move(client: Client, appointment: Appointment, doctor_id: str, time_slot: str) -> Any:
        request = pb.RescheduleAppointmentRequest(
            appointment_id=appointment.id, doctor_id=doctor_id, date=DAY, time_slot=time_slot
        )
        return await client(client.appointments.RescheduleAppointment, request)

    for _ in range(10):
        answers, refusals = await at_once(
            [move(workers[0], placed[0], doctors[1], "10:00"), move(workers[1], placed[1], doctors[0], "10:00")]
        )
        assert not answers
        assert [refusal.reason for refusal in refusals] == ["SLOT_TAKEN", "SLOT_TAKEN"]
        answers, refusals = await at_once(
            [move(workers[0], placed[0], doctors[1], "11:00"), move(workers[1], placed[1], doctors[0], "11:00")]
        )
        assert not refusals
        answers, refusals = await at_once(
            [move(workers[1], placed[0], doctors[0], "10:00"), move(workers[0], placed[1], doctors[1], "10:00")]
        )
        assert not refusals
    rows = await book.rows("SELECT doctor_id, patient_id FROM appointments WHERE status = 'scheduled' ORDER BY id")
    assert rows == list(zip(doctors, patients, strict=True))


async def test_one_patient_gets_one_of_two_doctors_at_the_same_time(fleet: Fleet, book: Book) -> None:
    clinic = await book.clinic()
    patient = await book.patient()
    doctors = [await book.doctor(clinic) for _ in range(6)]
    staff = cycle(await staff_of(fleet, clinic))
    answers, refusals = await at_once([create(next(staff), booking(patient, doctor, "10:00")) for doctor in doctors])
    assert len(answers) == 1
    assert {refusal.reason for refusal in refusals} == {"PATIENT_BUSY"}


async def test_the_daily_limit_holds_under_a_race(fleet: Fleet, book: Book) -> None:
    clinic = await book.clinic(max_per_patient_day=2)
    doctor, patient = await book.doctor(clinic), await book.patient()
    staff = cycle(await staff_of(fleet, clinic))
    slots = ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]
    answers, refusals = await at_once([create(next(staff), booking(patient, doctor, slot)) for slot in slots])
    assert len(answers) == 2
    assert {refusal.reason for refusal in refusals} == {"DAILY_LIMIT_REACHED"}


async def test_a_booking_against_new_hours_is_counted_or_refused(fleet: Fleet, book: Book) -> None:
    clinic = await book.clinic()
    workers = await staff_of(fleet, clinic)
    patients = [await book.patient() for _ in range(6)]
    slots = ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]
    week = [Session(weekday=day, start="13:00", end="15:00", slot_minutes=30) for day in range(1, 8)]  # type: ignore[arg-type]
    for _ in range(4):
        doctor = await book.doctor(clinic)
        change = schedules.SetWorkingHoursRequest(doctor_id=doctor, valid_from=DAY, sessions=week)
        calls = [
            create(workers[n % 2], booking(patient, doctor, slot))
            for n, (patient, slot) in enumerate(zip(patients, slots, strict=True))
        ]
        calls.insert(3, workers[0](workers[0].schedules.SetWorkingHours, change))
        answers, refusals = await at_once(calls)
        assert {refusal.reason for refusal in refusals} <= {"SLOT_NOT_OFFERED"}
        booked = [answer for answer in answers if isinstance(answer, pb.CreateAppointmentResponse)]
        [[revision]] = await book.rows(
            "SELECT revision FROM schedule_days WHERE doctor_id = %s AND date = %s", doctor, DAY
        )
        assert revision == len(booked) + 1
        # Bookings come in commit order before the change of hours, whose revision is the last one.
        assert sorted(answer.revision for answer in booked) == list(range(1, len(booked) + 1))
        for answer in booked:
            cancel = pb.CancelAppointmentRequest(appointment_id=answer.appointment.id)
            await workers[0](workers[0].appointments.CancelAppointment, cancel)


async def test_partial_overlaps_are_refused(fleet: Fleet, book: Book) -> None:
    clinic = await book.clinic()
    doctor = await book.doctor(clinic)
    [staff, _] = await staff_of(fleet, clinic)
    await create(staff, booking(await book.patient(), doctor, "10:00"))
    week = [Session(weekday=day, start="09:15", end="12:15", slot_minutes=30) for day in range(1, 8)]  # type: ignore[arg-type]
    await staff(
        staff.schedules.SetWorkingHours,
        schedules.SetWorkingHoursRequest(doctor_id=doctor, valid_from=DAY, sessions=week),
    )
    for slot in ("09:45", "10:15"):
        refused = await refusal(create(staff, booking(await book.patient(), doctor, slot)))
        assert refused.reason == "SLOT_TAKEN"
    await create(staff, booking(await book.patient(), doctor, "10:45"))


async def test_the_same_move_many_times_at_once_is_one_move(fleet: Fleet, book: Book) -> None:
    clinic = await book.clinic()
    doctor, patient = await book.doctor(clinic), await book.patient()
    workers = await staff_of(fleet, clinic)
    placed = (await create(workers[0], booking(patient, doctor, "10:00"))).appointment
    request = pb.RescheduleAppointmentRequest(appointment_id=placed.id, date=DAY, time_slot="11:00")
    staff = cycle(workers)
    calls = [client(client.appointments.RescheduleAppointment, request) for client in (next(staff) for _ in range(8))]
    answers, refusals = await at_once(calls)
    assert not refusals
    assert {answer.appointment.etag for answer in answers} == {"2"}
    assert await book.rows("SELECT count(*) FROM appointment_events WHERE event = 'rescheduled'") == [(1,)]
    assert await book.rows("SELECT revision FROM schedule_days") == [(2,)]


async def test_a_batch_sent_twice_at_once_moves_everybody_once_and_answers_the_same(fleet: Fleet, book: Book) -> None:
    clinic = await book.clinic()
    ill, cover = [await book.doctor(clinic, capacity=10) for _ in range(2)]
    workers = await staff_of(fleet, clinic)
    placed = [(await create(workers[0], booking(await book.patient(), ill, "10:00"))).appointment.id for _ in range(10)]
    moves = [
        pb.RescheduleAppointmentRequest(appointment_id=each, doctor_id=cover, date=DAY, time_slot="10:00")
        for each in placed
    ]
    request = pb.BatchRescheduleRequest(requests=moves, request_id=str(uuid.uuid4()))
    answers, refusals = await at_once([each(each.appointments.BatchReschedule, request) for each in workers * 2])
    assert not refusals
    assert all(answer == answers[0] for answer in answers)
    assert all(result.HasField("rescheduled") for result in answers[0].results)
    assert await book.rows("SELECT count(*) FROM appointment_events WHERE event = 'rescheduled'") == [(10,)]


async def test_batches_in_opposite_orders_end_without_a_deadlock(fleet: Fleet, book: Book) -> None:
    clinic = await book.clinic()
    doctors = [await book.doctor(clinic, capacity=10) for _ in range(2)]
    workers = await staff_of(fleet, clinic)
    placed = [
        (await create(workers[0], booking(await book.patient(), doctors[number % 2], "10:00"))).appointment.id
        for number in range(10)
    ]

    def batch(appointments: Sequence[str], doctor_id: str, time_slot: str) -> pb.BatchRescheduleRequest:
        place: dict[str, Any] = {"doctor_id": doctor_id, "date": DAY, "time_slot": time_slot}
        return pb.BatchRescheduleRequest(
            requests=[pb.RescheduleAppointmentRequest(appointment_id=each, **place) for each in appointments]
        )

    batches = [batch(placed, doctors[0], "11:00"), batch(placed[::-1], doctors[1], "11:30")]
    calls = [client(client.appointments.BatchReschedule, each) for client, each in zip(workers, batches, strict=True)]
    answers, refusals = await at_once(calls)
    assert not refusals
    assert [len(answer.results) for answer in answers] == [10, 10]
    assert all(result.HasField("rescheduled") for answer in answers for result in answer.results)
    assert await book.rows("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == [(0,)]
