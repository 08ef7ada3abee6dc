"""The clinic that everything under measurement works for: twelve doctors and three months, a third of them booked.

Some nine thousand appointments. One day of one doctor, and one patient with thirty past visits, are left as they are:
slots and lists are asked of them. All other free slots are there to be booked, each once.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any, NamedTuple
from uuid import uuid4

from db.postgres import bulk
from db.postgres.booking.days import period
from db.postgres.bulk import AppointmentCopy, DayCopy, PatientCopy
from db.postgres.cluster.engines import create_engine
from server.domain.ids import uuid7_maker
from tests.fixtures.book import Book, Clock
from yoyaku.v1.appointment_service_pb2 import CreateAppointmentRequest, ListAppointmentsRequest
from yoyaku.v1.schedule_service_pb2 import ListAvailableSlotsRequest

_DOCTORS = 12
_DAYS = 84
_FIRST_DAY_AHEAD = 2
_SLOT = timedelta(minutes=20)
_SLOTS_A_DAY = 24
_TAKEN_OF = 3
_BOOKING_PATIENTS = 1_000
_BOOKED_PATIENTS = 400
_VISITS = 30
# Bookings that run at once are spread over that many days of each doctor.
_SPREAD_DAYS = 12
_REASON = "Cough for two weeks"

new_id = uuid7_maker(lambda: datetime.now(UTC))


class Doctor(NamedTuple):
    """A doctor, and the person behind."""

    id: str
    practitioner_id: str


@dataclass(frozen=True)
class Booking:
    """A free slot, who is to get it, and the request for it in every form that is sent."""

    clinic_id: str
    doctor: Doctor
    patient_id: str
    start_at: datetime
    actor: str

    def message(self) -> bytes:
        """The request over gRPC."""
        return CreateAppointmentRequest(**self._fields()).SerializeToString()

    def body(self) -> bytes:
        """The request over REST."""
        return json.dumps(self._fields()).encode()

    def rows(self) -> bytes:
        """What is written in the end, for the limit."""
        end_at = self.start_at + _SLOT
        rows = {
            "id": new_id(), "doctor_id": self.doctor.id, "practitioner_id": self.doctor.practitioner_id,
            "clinic_id": self.clinic_id, "patient_id": self.patient_id, "date": f"{self.start_at:%Y-%m-%d}",
            "start_at": self.start_at.isoformat(), "end_at": end_at.isoformat(), "reason": _REASON,
            "actor": self.actor, "request_id": str(uuid4()),
        }  # fmt: skip
        return json.dumps(rows).encode()

    def _fields(self) -> dict[str, Any]:
        return {
            "patient_id": self.patient_id, "doctor_id": self.doctor.id, "date": f"{self.start_at:%Y-%m-%d}",
            "time_slot": f"{self.start_at:%H:%M}", "reason": _REASON, "request_id": str(uuid4()),
        }  # fmt: skip


@dataclass(frozen=True)
class Clinic:
    """What there is."""

    id: str
    staff_id: str
    doctors: list[Doctor]
    regular_id: str
    """The patient with thirty visits."""
    quiet_day: date
    """The day of the first doctor that nobody books."""
    bookings: Iterator[Booking]

    def slots_message(self) -> bytes:
        """The request for slots over gRPC."""
        return ListAvailableSlotsRequest(doctor_id=self.doctors[0].id, date=str(self.quiet_day)).SerializeToString()

    def slots_path(self) -> str:
        """The request for slots over REST."""
        return f"/api/schedules/available-slots?doctor_id={self.doctors[0].id}&date={self.quiet_day}"

    def list_message(self) -> bytes:
        """The request for a list over gRPC."""
        return ListAppointmentsRequest(
            patient_id=self.regular_id, size=20, sort="appointment_date,desc"
        ).SerializeToString()

    def list_path(self) -> str:
        """The request for a list over REST."""
        return f"/api/appointments?patient_id={self.regular_id}&size=20&sort=appointment_date,desc"


async def make(url: str) -> Clinic:
    """Fill a migrated, empty database."""
    engine = create_engine(url, size=2, wait_seconds=5, application="bench")
    book = Book(engine, Clock(datetime.now(UTC)))
    # The wall clock is UTC: the first day ahead is the same for everybody.
    clinic_id = await book.clinic("Etc/UTC")
    doctor_ids = [await book.doctor(clinic_id, [("09:00", "17:00")], minutes=20) for _ in range(_DOCTORS)]
    doctors = [Doctor(each, str(await book.practitioner_of(each))) for each in doctor_ids]
    staff_id = await book.account("staff", clinic_ids=[clinic_id])
    patients = [new_id() for _ in range(_BOOKING_PATIENTS + _BOOKED_PATIENTS + 1)]
    regular_id, booking, booked = patients[0], patients[1 : _BOOKING_PATIENTS + 1], patients[_BOOKING_PATIENTS + 1 :]
    today = book.clock.now.date()
    days = [today + timedelta(days=_FIRST_DAY_AHEAD + number) for number in range(_DAYS)]
    async with bulk.loading(engine) as pg:
        await bulk.add_patients(pg, map(_patient, patients))
        await bulk.add_appointments(pg, _taken(clinic_id, doctors, booked, days))
        await bulk.add_appointments(pg, _visits(clinic_id, doctors[0], regular_id, today))
        await bulk.add_days(pg, (DayCopy(each.id, day, 1, book.clock.now) for each in doctors for day in days))
        await bulk.analyze(pg)
    await engine.dispose()
    quiet_day = days[_DAYS // 2]
    free = (
        Booking(clinic_id, doctor, booking[number % _BOOKING_PATIENTS], start_at, staff_id)
        for number, (doctor, start_at) in zip(count(), _free(doctors, days), strict=False)
        if (doctor, start_at.date()) != (doctors[0], quiet_day)
    )
    return Clinic(clinic_id, staff_id, doctors, regular_id, quiet_day, free)


def _starts(day: date) -> list[datetime]:
    opening = datetime.combine(day, time(9), UTC)
    return [opening + number * _SLOT for number in range(_SLOTS_A_DAY)]


def _taken(clinic_id: str, doctors: list[Doctor], patients: list[str], days: list[date]) -> Iterator[AppointmentCopy]:
    places = [(doctor, start) for day in days for start in _starts(day)[::_TAKEN_OF] for doctor in doctors]
    for number, (doctor, start) in enumerate(places):
        yield _appointment(clinic_id, doctor, patients[number % len(patients)], start, "scheduled")


def _visits(clinic_id: str, doctor: Doctor, patient_id: str, today: date) -> Iterator[AppointmentCopy]:
    for number in range(1, _VISITS + 1):
        yield _appointment(clinic_id, doctor, patient_id, _starts(today - timedelta(days=number))[0], "completed")


def _free(doctors: list[Doctor], days: list[date]) -> Iterator[tuple[Doctor, datetime]]:
    free = [number for number in range(_SLOTS_A_DAY) if number % _TAKEN_OF]
    for first in range(0, _DAYS, _SPREAD_DAYS):
        for number in free:
            for day in days[first : first + _SPREAD_DAYS]:
                for doctor in doctors:
                    yield doctor, _starts(day)[number]


def _appointment(clinic_id: str, doctor: Doctor, patient_id: str, start_at: datetime, status: str) -> AppointmentCopy:
    made_at = start_at - timedelta(days=90)
    return AppointmentCopy(
        id=new_id(), doctor_id=doctor.id, practitioner_id=doctor.practitioner_id, clinic_id=clinic_id,
        patient_id=patient_id, date=start_at.date(), start_at=start_at, end_at=start_at + _SLOT,
        during=period(start_at, start_at + _SLOT), seat=1, utc_offset_minutes=0, status=status,
        reason=_REASON, version=1, created_at=made_at, updated_at=made_at,
    )  # fmt: skip


def _patient(patient_id: str) -> PatientCopy:
    now = datetime.now(UTC)
    return PatientCopy(
        id=patient_id, name="Sato Ken", birth_date=date(1980, 5, 17), phone="", email="", version=1,
        created_at=now, updated_at=now,
    )  # fmt: skip
