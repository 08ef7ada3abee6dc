"""Requests and answers, as pydantic checks and prints them."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field


class Slot(BaseModel):
    time_slot: str
    start_time: datetime
    end_time: datetime
    seats_free: int


class Slots(BaseModel):
    doctor_id: UUID
    date: date
    time_zone: str
    revision: int
    slots: list[Slot]


class Person(BaseModel):
    id: UUID
    name: str


class DoctorRef(Person):
    specialty: str


class ClinicRef(Person):
    time_zone: str


class Appointment(BaseModel):
    id: UUID
    patient: Person
    doctor: DoctorRef
    clinic: ClinicRef
    date: date
    time_slot: str
    start_time: datetime
    end_time: datetime
    status: str
    reason: str
    etag: str
    create_time: datetime
    update_time: datetime


class Appointments(BaseModel):
    appointments: list[Appointment]
    next_page: int | None


class NewBooking(BaseModel):
    patient_id: UUID
    doctor_id: UUID
    date: date
    time_slot: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    reason: Annotated[str, Field(max_length=500)] = ""
    request_id: UUID | None = None


class Booked(BaseModel):
    appointment: Appointment
    revision: int
