"""Booking as a caller sees it, over gRPC."""

import pytest

from tests.fixtures.book import Book
from tests.fixtures.worker import Refusal, Worker
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1 import schedule_service_pb2 as schedules


async def test_patient_books_a_listed_slot(worker: Worker, book: Book) -> None:
    clinic = await book.clinic()
    doctor = await book.doctor(clinic)
    patient = await book.patient()
    client = await worker.client("patient", patient_id=patient)
    day = await client(client.schedules.ListAvailableSlots, schedules.ListAvailableSlotsRequest(doctor_id=doctor, date="2026-03-03"))
    assert [slot.time_slot for slot in day.slots] == ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]
    booked = await client(
        client.appointments.CreateAppointment,
        pb.CreateAppointmentRequest(patient_id=patient, doctor_id=doctor, date="2026-03-03", time_slot="10:00"),
    )
    assert booked.revision == 1
    assert booked.appointment.time_slot == "10:00"
    assert booked.appointment.patient.name == "Sato Ken"
    other = await book.patient("Ito Yui")
    second = await worker.client("patient", patient_id=other)
    with pytest.raises(Refusal) as refused:
        await second(
            second.appointments.CreateAppointment,
            pb.CreateAppointmentRequest(patient_id=other, doctor_id=doctor, date="2026-03-03", time_slot="10:00"),
        )
    assert refused.value.reason == "SLOT_TAKEN"
    assert refused.value.alternatives
