"""Conversions between messages and the types of the use cases."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from google.protobuf.timestamp_pb2 import Timestamp

from db.postgres.booking.appointments import AppointmentRow
from server.domain.booking.slots import Slot
from server.domain.errors import invalid
from server.domain.etags import etag_of
from yoyaku.v1 import appointment_pb2, clinic_pb2, doctor_pb2, patient_pb2, representative_pb2, schedule_pb2

# Leaves room for arithmetic at both ends of the calendar.
FIRST_YEAR, LAST_YEAR = 1900, 9000
RELATION = "REPRESENTATIVE_RELATION_"
_YEARS = f"must be between the years {FIRST_YEAR} and {LAST_YEAR}"


def to_timestamp(instant: datetime) -> Timestamp:
    """An instant as a message."""
    return Timestamp(seconds=int(instant.timestamp()), nanos=instant.microsecond * 1000)


def _set(timestamp: Timestamp, instant: datetime) -> None:
    timestamp.seconds = int(instant.timestamp())
    if instant.microsecond:
        timestamp.nanos = instant.microsecond * 1000


def from_timestamp(field: str, timestamp: Timestamp) -> datetime:
    """The instant of a message field (INVALID_REQUEST outside the years that dates can be in)."""
    try:
        instant = timestamp.ToDatetime(UTC)
    except (ValueError, OverflowError):
        raise invalid(field, _YEARS) from None
    _check_year(field, instant.year)
    return instant


@lru_cache(maxsize=1_000)
def to_date(field: str, text: str) -> date:
    """The date of a YYYY-MM-DD field (INVALID_REQUEST if the calendar has no such day)."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise invalid(field, f"{text} is not a calendar date: send YYYY-MM-DD") from None
    _check_year(field, day.year)
    return day


def _check_year(field: str, year: int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise invalid(field, _YEARS)


def to_optional_date(field: str, text: str) -> date | None:
    """As `to_date`; None for an empty field."""
    return to_date(field, text) if text else None


def to_time(text: str) -> time:
    """The time of an HH:MM field that has been validated."""
    return time.fromisoformat(text)


@lru_cache(maxsize=1_000)
def to_status(value: str) -> "appointment_pb2.AppointmentStatus.ValueType":
    """A status as the contract names it."""
    return appointment_pb2.AppointmentStatus.Value(f"APPOINTMENT_STATUS_{value.upper()}")


def from_statuses(values: "Iterable[appointment_pb2.AppointmentStatus.ValueType]") -> tuple[str, ...]:
    """States as the use cases name them, without duplicates."""
    names = {appointment_pb2.AppointmentStatus.Name(value) for value in values}
    return tuple(sorted(name.removeprefix("APPOINTMENT_STATUS_").lower() for name in names))


def to_appointment(row: AppointmentRow) -> appointment_pb2.Appointment:
    """An appointment as a message."""
    message = appointment_pb2.Appointment()
    fill_appointment(message, row)
    return message


def fill_appointment(message: appointment_pb2.Appointment, row: AppointmentRow) -> None:
    """Write an appointment into an empty message, in place: building a message for each part takes twice the time."""
    message.CopyFrom(
        _between(
            (row.patient_id, row.patient_name),
            (row.doctor_id, row.doctor_name, row.specialty),
            (row.clinic_id, row.clinic_name, row.time_zone),
        )
    )
    message.id = row.id
    message.date = row.date.isoformat()
    message.time_slot = row.start_at.astimezone(ZoneInfo(row.time_zone)).isoformat()[_HH_MM]
    _set(message.start_time, row.start_at)
    _set(message.end_time, row.end_at)
    message.status = to_status(row.status)
    message.reason = row.reason
    message.etag = etag_of(row.version)
    _set(message.create_time, row.created_at)
    _set(message.update_time, row.updated_at)
    if row.held_until:
        _set(message.hold_expire_time, row.held_until)
        if row.held_for_offer:
            message.held_for_offer = True
    if row.confirmed_at:
        _set(message.confirm_time, row.confirmed_at)
    if row.series_id:
        message.series_id = row.series_id
    if row.type_id:
        message.appointment_type.id, message.appointment_type.name = row.type_id, row.type_name or ""
        for resource_id, kind, name in row.resources or ():
            message.resources.add(id=resource_id, kind=kind, name=name)


_HH_MM = slice(11, 16)
"""The time of day in an ISO 8601 instant."""


# The appointments of one list share most of these values.
@lru_cache(maxsize=1_000)
def _between(
    patient: tuple[str, str], doctor: tuple[str, str, str], clinic: tuple[str, str, str]
) -> appointment_pb2.Appointment:
    return appointment_pb2.Appointment(
        patient=patient_pb2.PatientRef(id=patient[0], name=patient[1]),
        doctor=doctor_pb2.DoctorRef(id=doctor[0], name=doctor[1], specialty=doctor[2]),
        clinic=clinic_pb2.ClinicRef(id=clinic[0], name=clinic[1], time_zone=clinic[2]),
    )


def to_slot(slot: Slot) -> schedule_pb2.Slot:
    """A free slot as a message."""
    message = schedule_pb2.Slot()
    fill_slot(message, slot)
    return message


def fill_slot(message: schedule_pb2.Slot | schedule_pb2.DaySlot | schedule_pb2.AlternativeSlot, slot: Slot) -> None:
    """Write a slot into an empty message, in place."""
    message.time_slot = slot.time_slot
    _set(message.start_time, slot.start_at)
    _set(message.end_time, slot.end_at)
    message.seats_free = slot.seats


def to_relation(name: str) -> "representative_pb2.RepresentativeRelation.ValueType":
    """A relation by its name; unspecified for an empty one."""
    return representative_pb2.RepresentativeRelation.Value(f"{RELATION}{(name or 'unspecified').upper()}")
