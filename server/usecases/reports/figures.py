"""From the rows of the database to the figures of a report."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from db.postgres.booking.spans import StaffRow
from db.postgres.reports import NoShowRow, UseRow, WaitRow
from server.domain.booking.reports import Attendance, Grouping, Utilization, Waits, offered_seconds
from server.usecases.schedules.doctor_mapping import doctor_of

F = TypeVar("F", Utilization, Waits, Attendance)


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """Which days of a clinic, of one doctor or all (empty), and what the rows stand for."""

    clinic_id: str
    first: date
    last: date
    by: Grouping
    doctor_id: str = ""

    @property
    def dates(self) -> Sequence[date]:
        """Every day from the first to the last."""
        return [self.first + timedelta(days=offset) for offset in range((self.last - self.first).days + 1)]


@dataclass(frozen=True, slots=True)
class Staffed:
    """A clinic with its doctors, and the names of these and of its types of appointment by id."""

    zone: ZoneInfo
    doctors: Sequence[StaffRow]
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ReportTable(Generic[F]):
    """The rows of a report in their order, and all together."""

    rows: Sequence[F]
    total: F


async def utilization(clinic: Staffed, wanted: ReportQuery, rows: Sequence[UseRow]) -> ReportTable[Utilization]:
    """How much of the hours was booked."""
    offered = await _offered(clinic, wanted)
    booked = {row.key: row for row in rows}
    keys = booked.keys() | (offered.keys() if wanted.by is not Grouping.TYPE else set())
    found = []
    for key in keys:
        _, appointments, seconds, attended = booked.get(key, UseRow(key, 0, 0, 0))
        hours = offered[key] if wanted.by is not Grouping.TYPE else 0
        found.append(Utilization(key, clinic.names.get(key, ""), hours, seconds, attended, appointments))
    total = Utilization(
        "",
        "",
        offered.total(),
        sum(row.booked_seconds for row in found),
        sum(row.attended_seconds for row in found),
        sum(row.appointments for row in found),
    )
    return ReportTable(_sorted(found), total)


def waits(clinic: Staffed, rows: Sequence[WaitRow]) -> ReportTable[Waits]:
    """How long patients waited."""
    found = [Waits(row.key or "", clinic.names.get(row.key or "", ""), *row[1:]) for row in rows if row.key is not None]
    [total] = [Waits("", "", *row[1:]) for row in rows if row.key is None]
    return ReportTable(_sorted(found), total)


def no_shows(clinic: Staffed, rows: Sequence[NoShowRow]) -> ReportTable[Attendance]:
    """Who did not come, or cancelled or moved late."""
    found = [Attendance(row.key, clinic.names.get(row.key, ""), *row[1:]) for row in rows]
    sums = [sum(column) for column in zip(*(row[1:] for row in rows), strict=True)] or [0] * (
        len(NoShowRow._fields) - 1
    )
    return ReportTable(_sorted(found), Attendance("", "", *sums))


async def _offered(clinic: Staffed, wanted: ReportQuery) -> Counter[str]:
    """What the hours offered. Those of a doctor who has left count up to the day of the last change of the entry."""
    found: Counter[str] = Counter()
    for row in clinic.doctors:
        if wanted.doctor_id in {"", row.offer.doctor_id}:
            # Three months of a doctor take milliseconds: other calls go on in between.
            await asyncio.sleep(0)
            doctor = replace(doctor_of(row.offer), active=True)
            worked = [day for day in wanted.dates if row.offer.active or day < _left_on(row, clinic.zone)]
            found.update(offered_seconds(doctor, worked, wanted.by))
    return found


def _left_on(row: StaffRow, zone: ZoneInfo) -> date:
    return row.changed_at.astimezone(zone).date()


def _sorted(found: Sequence[F]) -> Sequence[F]:
    """By day or hour, or else by name."""
    return sorted(found, key=lambda row: (row.name, row.key))
