"""Reports about a clinic's days, from a replica where one is fresh enough."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar
from zoneinfo import ZoneInfo

from db.postgres import reports
from db.postgres.booking import appointment_types, spans
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.routing import Freshness
from db.postgres.directory import clinics
from db.postgres.reports import ReportedDays, StatusRow
from server.domain.booking.reports import LATE_HOURS, MOST_DAYS, Attendance, Grouping, Utilization, Waits
from server.domain.errors import Reason, invalid, not_found
from server.domain.identity import Caller
from server.domain.ids import Clock
from server.domain.rights import Action, Owner, require
from server.usecases.reports.figures import ReportQuery, ReportTable, Staffed, no_shows, utilization, waits
from server.usecases.unit_of_work import read

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class ClinicDay:
    """All figures of a clinic's day, by doctor."""

    clinic_id: str
    date: date
    time_zone: str
    statuses: Sequence[StatusRow]
    utilization: ReportTable[Utilization]
    waits: ReportTable[Waits]
    no_shows: ReportTable[Attendance]
    names: Mapping[str, str]
    """Of the doctors, by id."""


class Reports:
    """Adds up a clinic's days."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def utilization(self, caller: Caller, wanted: ReportQuery) -> ReportTable[Utilization]:
        """How much of the hours was booked (CLINIC_NOT_FOUND, DOCTOR_NOT_FOUND, NOT_ALLOWED)."""
        clinic, rows = await self._read(caller, wanted, reports.booked)
        return await utilization(clinic, wanted, rows)

    async def waits(self, caller: Caller, wanted: ReportQuery) -> ReportTable[Waits]:
        """How long patients waited (CLINIC_NOT_FOUND, DOCTOR_NOT_FOUND, NOT_ALLOWED)."""
        clinic, rows = await self._read(caller, wanted, reports.waits)
        return waits(clinic, rows)

    async def no_shows(self, caller: Caller, wanted: ReportQuery, late_hours: int) -> ReportTable[Attendance]:
        """Who did not come, or cancelled or moved late (CLINIC_NOT_FOUND, DOCTOR_NOT_FOUND, NOT_ALLOWED)."""
        hours = late_hours or LATE_HOURS
        clinic, rows = await self._read(caller, wanted, lambda pg, days: reports.no_shows(pg, days, hours))
        return no_shows(clinic, rows)

    async def clinic_day(self, caller: Caller, clinic_id: str, day: date | None) -> ClinicDay:
        """A day's figures by doctor, of today if no day is given (CLINIC_NOT_FOUND, NOT_ALLOWED)."""
        require(caller, Action.SEE_REPORTS, Owner(clinic_id=clinic_id))

        async def work(pg: Connection) -> ClinicDay:
            clinic = await _staffed(pg, clinic_id)
            asked = day or self._clock().astimezone(clinic.zone).date()
            wanted = ReportQuery(clinic_id, asked, asked, Grouping.DOCTOR)
            days = _days(wanted)
            return ClinicDay(
                clinic_id,
                asked,
                clinic.zone.key,
                await reports.statuses(pg, clinic_id, asked),
                await utilization(clinic, wanted, await reports.booked(pg, days)),
                waits(clinic, await reports.waits(pg, days)),
                no_shows(clinic, await reports.no_shows(pg, days, LATE_HOURS)),
                clinic.names,
            )

        return await read(self._engine, work, Freshness.REPORT)

    async def _read(
        self, caller: Caller, wanted: ReportQuery, rows_of: Callable[[Connection, ReportedDays], Awaitable[R]]
    ) -> tuple[Staffed, R]:
        require(caller, Action.SEE_REPORTS, Owner(clinic_id=wanted.clinic_id))
        if not 0 <= (wanted.last - wanted.first).days < MOST_DAYS:
            raise invalid("to_date", f"must be from_date or up to {MOST_DAYS - 1} days after it")

        async def work(pg: Connection) -> tuple[Staffed, R]:
            clinic = await _staffed(pg, wanted.clinic_id)
            if wanted.doctor_id and all(row.offer.doctor_id != wanted.doctor_id for row in clinic.doctors):
                raise not_found(Reason.DOCTOR_NOT_FOUND, "doctor", wanted.doctor_id)
            return clinic, await rows_of(pg, _days(wanted))

        return await read(self._engine, work, Freshness.REPORT)


def _days(wanted: ReportQuery) -> ReportedDays:
    return ReportedDays(wanted.clinic_id, wanted.doctor_id or None, wanted.first, wanted.last, wanted.by)


async def _staffed(pg: Connection, clinic_id: str) -> Staffed:
    if (found := await clinics.get(pg, clinic_id)) is None:
        raise not_found(Reason.CLINIC_NOT_FOUND, "clinic", clinic_id)
    doctors = await spans.doctors_of_clinic(pg, clinic_id)
    types = await appointment_types.of_clinic(pg, clinic_id)
    names = {row.offer.doctor_id: row.offer.doctor_name for row in doctors} | {row.id: row.name for row in types}
    return Staffed(ZoneInfo(found.time_zone), doctors, names)
