"""ORM classes of the tables that the three calls touch, with the columns that they use."""

from datetime import date as Date  # noqa: N812  # columns are called date
from datetime import datetime, time
from typing import Annotated

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Identity, Uuid
from sqlalchemy.dialects.postgresql import TIMESTAMP, TSTZRANGE, Range
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

Id = Annotated[str, mapped_column(Uuid(as_uuid=False))]
Key = Annotated[str, mapped_column(Uuid(as_uuid=False), primary_key=True)]
Instant = Annotated[datetime, mapped_column(TIMESTAMP(timezone=True))]


class Base(DeclarativeBase):
    """The registry of the classes."""


class Clinic(Base):
    __tablename__ = "clinics"
    id: Mapped[Key]
    name: Mapped[str]
    time_zone: Mapped[str]
    horizon_days: Mapped[int]
    min_notice_minutes: Mapped[int]
    max_per_patient_day: Mapped[int]


class Practitioner(Base):
    __tablename__ = "practitioners"
    id: Mapped[Key]
    name: Mapped[str]


class Doctor(Base):
    __tablename__ = "doctors"
    id: Mapped[Key]
    practitioner_id: Mapped[Id] = mapped_column(ForeignKey("practitioners.id"))
    clinic_id: Mapped[Id] = mapped_column(ForeignKey("clinics.id"))
    specialty: Mapped[str]
    practitioner: Mapped[Practitioner] = relationship()
    clinic: Mapped[Clinic] = relationship()


class Session(Base):
    __tablename__ = "working_sessions"
    doctor_id: Mapped[Key]
    valid_from: Mapped[Date] = mapped_column(primary_key=True)
    weekday: Mapped[int] = mapped_column(primary_key=True)
    start_local: Mapped[time] = mapped_column(primary_key=True)
    end_local: Mapped[time]
    slot_minutes: Mapped[int]
    capacity: Mapped[int]


class Patient(Base):
    __tablename__ = "patients"
    id: Mapped[Key]
    name: Mapped[str]


class Appointment(Base):
    __tablename__ = "appointments"
    __table_args__ = (
        ForeignKeyConstraint(
            ["doctor_id", "practitioner_id", "clinic_id"],
            ["doctors.id", "doctors.practitioner_id", "doctors.clinic_id"],
        ),
    )
    id: Mapped[Key]
    doctor_id: Mapped[Id]
    practitioner_id: Mapped[Id]
    clinic_id: Mapped[Id]
    patient_id: Mapped[Id] = mapped_column(ForeignKey("patients.id"))
    date: Mapped[Date]
    start_at: Mapped[Instant]
    end_at: Mapped[Instant]
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE, deferred=True)
    seat: Mapped[int]
    status: Mapped[str]
    reason: Mapped[str]
    version: Mapped[int]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    patient: Mapped[Patient] = relationship()
    doctor: Mapped[Doctor] = relationship()


class Event(Base):
    __tablename__ = "appointment_events"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    appointment_id: Mapped[Id] = mapped_column(ForeignKey("appointments.id"))
    happened_at: Mapped[Instant]
    actor: Mapped[str]
    event: Mapped[str]
    note: Mapped[str]


class Day(Base):
    __tablename__ = "schedule_days"
    doctor_id: Mapped[Key]
    date: Mapped[Date] = mapped_column(primary_key=True)
    revision: Mapped[int]
    changed_at: Mapped[Instant]


class Answer(Base):
    __tablename__ = "idempotency_keys"
    caller_id: Mapped[str] = mapped_column(primary_key=True)
    request_id: Mapped[Key]
    digest: Mapped[bytes]
    response: Mapped[bytes]
    created_at: Mapped[Instant]


class SigningKey(Base):
    __tablename__ = "signing_keys"
    kid: Mapped[str] = mapped_column(primary_key=True)
    public_key: Mapped[bytes]
