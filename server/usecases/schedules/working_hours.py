"""Working hours: reading them, and what a change of them leaves outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from db.postgres.booking import days, hours
from db.postgres.booking.days import OfferRow
from db.postgres.booking.hours import BookedRow, ExtraSessionRow
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.routing import Freshness
from server.domain.booking.doctor import Doctor
from server.domain.booking.hours import HoursVersion
from server.domain.booking.policies import today
from server.domain.booking.slots import Period
from server.domain.errors import Reason, not_found
from server.domain.etags import etag_of
from server.domain.identity import Caller
from server.domain.ids import Clock
from server.domain.rights import Action, require
from server.usecases.schedules.doctor_mapping import doctor_of, hours_of
from server.usecases.unit_of_work import Changes, read


@dataclass(frozen=True, slots=True)
class Schedule:
    """The current and future working hours of a doctor, and sessions beside them."""

    doctor_id: str
    time_zone: str
    hours: Sequence[HoursVersion]
    extra: Sequence[ExtraSessionRow]
    """Sessions on single dates, from today on."""
    etag: str


@dataclass(frozen=True, slots=True)
class HoursChanged:
    """The working hours after a change, and the days that got a new revision."""

    schedule: Schedule
    changes: Changes
    uncovered: Sequence[BookedRow]
    """The appointments ahead that only the former hours cover, by start."""


class WorkingHours:
    """Reads working hours."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def get(self, caller: Caller, doctor_id: str) -> Schedule:
        """The working hours of a doctor (DOCTOR_NOT_FOUND)."""
        require(caller, Action.SEE_SCHEDULE)
        now = self._clock()

        async def work(pg: Connection) -> OfferRow:
            return await offer_now(pg, doctor_id, now)

        return schedule_of(await read(self._engine, work, Freshness.OWN_WRITES), now)


def newly_uncovered(before: Doctor, after: Doctor, booked: Sequence[BookedRow]) -> list[BookedRow]:
    """The appointments that the hours covered before and do not cover any more."""
    visits = ((row, Period(row.start_at, row.end_at)) for row in booked)
    return [row for row, visit in visits if before.covers(row.date, visit) and not after.covers(row.date, visit)]


async def offer_now(pg: Connection, doctor_id: str, now: datetime) -> OfferRow:
    """A doctor with all hours (DOCTOR_NOT_FOUND)."""
    row = await (await days.offer(pg, doctor_id, now.date(), now.date())).fetchone()
    if row is None:
        raise not_found(Reason.DOCTOR_NOT_FOUND, "doctor", doctor_id)
    return row


def schedule_of(row: OfferRow, now: datetime) -> Schedule:
    """The hours of a doctor from today on."""
    doctor = doctor_of(row)
    first = today(doctor.zone, now)
    begun = [version.valid_from for version in doctor.hours if version.valid_from <= first]
    current = [version for version in hours_of(row.hours) if not begun or version.valid_from >= max(begun)]
    extra = [each for each in hours.extra_sessions(row.extra_sessions) if each.date >= first]
    return Schedule(row.doctor_id, row.time_zone, current, extra, etag_of(row.hours_version))
