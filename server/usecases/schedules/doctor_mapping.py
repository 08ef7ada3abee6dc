"""Conversions from database rows to the types that the rules about slots use."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from db.postgres.booking import days, hours
from db.postgres.booking.appointments import Placement
from db.postgres.booking.booked_patients import PatientDayRow
from db.postgres.booking.days import BusyRow, OfferRow
from server.domain.booking.doctor import Doctor
from server.domain.booking.hours import HoursVersion, Session
from server.domain.booking.policies import Policy
from server.domain.booking.seating import Busy, Visit
from server.domain.booking.slots import Period, Slot
from server.domain.booking.wall_time import utc_offset_minutes

_REMEMBERED_DOCTORS = 5_000
_REMEMBERED_CLINICS = 500
_INSTANT = re.compile(r'"([^"]+)"')


def doctor_of(row: OfferRow) -> Doctor:
    """The doctor of an offer; the same object as long as nothing about it changes."""
    return (_known_doctor if len(row.hours) <= hours.LARGEST_HOURS else _doctor)(
        row.doctor_id,
        row.practitioner_id,
        row.clinic_id,
        row.time_zone,
        (
            row.horizon_days,
            row.min_notice_minutes,
            row.cancel_by_minutes,
            row.max_per_patient_day,
            row.buffer_minutes,
            row.max_open_appointments,
        ),
        row.hours,
        row.active,
        row.holidays,
        row.time_off,
        row.extra_sessions,
    )


def _doctor(
    doctor_id: str,
    practitioner_id: str,
    clinic_id: str,
    time_zone: str,
    policy: tuple[int, int, int, int, int, int],
    written_hours: str,
    active: bool,
    written_holidays: str,
    written_time_off: str,
    written_extra: str,
) -> Doctor:
    return Doctor(
        doctor_id,
        practitioner_id,
        clinic_id,
        ZoneInfo(time_zone),
        Policy(*policy),
        hours_of(written_hours),
        active,
        _holidays_of(written_holidays),
        _periods_of(written_time_off),
        _extra_of(written_extra),
    )


# Doctors of a clinic share them.
@lru_cache(maxsize=_REMEMBERED_CLINICS)
def _holidays_of(written: str) -> frozenset[date]:
    days = written.strip("{}")
    return frozenset(map(date.fromisoformat, days.split(","))) if days else frozenset()


def _extra_of(written: str) -> dict[date, list[Session]]:
    """The sessions on single dates, by date."""
    found: dict[date, list[Session]] = {}
    for row in hours.extra_sessions(written):
        session = Session(row.date.isoweekday(), row.start_local, row.end_local, row.slot_minutes, row.capacity)
        found.setdefault(row.date, []).append(session)
    return found


def _periods_of(written: str) -> tuple[Period, ...]:
    """The periods of a multirange, by start."""
    instants = [datetime.fromisoformat(each).astimezone(UTC) for each in _INSTANT.findall(written)]
    return tuple(Period(start_at, end_at) for start_at, end_at in zip(instants[::2], instants[1::2], strict=True))


_known_doctor = lru_cache(maxsize=_REMEMBERED_DOCTORS)(_doctor)


def hours_of(written: str) -> list[HoursVersion]:
    """The versions of working hours of an offer, by their first day."""
    versions: dict[date, list[Session]] = {}
    for row in hours.sessions(written):
        sessions = versions.setdefault(row.valid_from, [])
        if row.weekday is not None:
            sessions.append(Session(row.weekday, row.start_local, row.end_local, row.slot_minutes, row.capacity))
    return [
        HoursVersion(day, sorted(sessions, key=lambda session: (session.weekday, session.start)))
        for day, sessions in sorted(versions.items())
    ]


def busy_of(rows: Sequence[BusyRow]) -> list[Busy]:
    """What occupies the practitioner."""
    return list(map(Busy._make, rows))


def busy_at(rows: Sequence[BusyRow], slot: Slot) -> list[Busy]:
    """Those of them that conflict with a slot or the buffer after it."""
    start_at, end_at = slot.occupied
    return busy_of([row for row in rows if row.start_at < end_at and start_at < row.busy_until])


def visits_of(rows: Sequence[PatientDayRow]) -> list[Visit]:
    """What occupies the patient."""
    return list(map(Visit._make, rows))


def busy_in(*slots: Slot) -> str:
    """The period in which appointments can conflict with slots of which the first one is given first (tstzrange)."""
    return days.period(slots[0].occupied.start_at, max(slot.occupied.end_at for slot in slots))


def placement_of(offer: OfferRow, slot: Slot, seat: int) -> Placement:
    """The place that an appointment takes in a slot."""
    return Placement(
        doctor_id=offer.doctor_id,
        practitioner_id=offer.practitioner_id,
        clinic_id=offer.clinic_id,
        date=slot.date,
        start_at=slot.start_at,
        end_at=slot.end_at,
        busy_until=slot.occupied.end_at,
        seat=seat,
        utc_offset_minutes=utc_offset_minutes(slot.start_at, ZoneInfo(offer.time_zone)),
    )


def seen_at(offer: OfferRow, slot: Slot) -> dict[str, Any]:
    """The fields of AppointmentRow that show the place of an appointment."""
    return {
        "doctor_id": offer.doctor_id,
        "doctor_name": offer.doctor_name,
        "specialty": offer.specialty,
        "clinic_id": offer.clinic_id,
        "clinic_name": offer.clinic_name,
        "time_zone": offer.time_zone,
        "date": slot.date,
        "start_at": slot.start_at,
        "end_at": slot.end_at,
        "busy_until": slot.occupied.end_at,
    }
