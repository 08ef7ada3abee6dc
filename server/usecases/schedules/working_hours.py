"""Working hours: reading them, and setting them so that every day they touch gets a new revision."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from db.postgres.booking import days, hours
from db.postgres.booking.days import OfferRow
from db.postgres.booking.hours import BookedRow, ExtraSessionRow, SessionRow
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.routing import Freshness
from server.domain.booking.doctor import Doctor
from server.domain.booking.hours import HoursVersion, Session, first_overlap
from server.domain.booking.policies import today
from server.domain.booking.slots import Period
from server.domain.errors import DomainError, Reason, invalid, not_found
from server.domain.etags import check_etag, etag_of
from server.domain.identity import Action, Caller, Owner, require
from server.domain.ids import Clock
from server.usecases.idempotency import Claim, Write
from server.usecases.schedules.doctor_mapping import doctor_of, hours_of
from server.usecases.unit_of_work import Announce, Changes, perform, read

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class NewHours:
    """The sessions that a doctor works from a day on; an empty `etag` matches every version."""

    doctor_id: str
    version: HoursVersion
    etag: str


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
    """Reads and sets working hours."""

    def __init__(self, engine: Engine, clock: Clock, announce: Announce) -> None:
        self._engine = engine
        self._clock = clock
        self._announce = announce

    async def get(self, caller: Caller, doctor_id: str) -> Schedule:
        """The working hours of a doctor (DOCTOR_NOT_FOUND)."""
        require(caller, Action.SEE_SCHEDULE)
        now = self._clock()

        async def work(pg: Connection) -> OfferRow:
            return await offer_now(pg, doctor_id, now)

        return schedule_of(await read(self._engine, work, Freshness.OWN_WRITES), now)

    async def set_working_hours(self, caller: Caller, new: NewHours, write: Write[HoursChanged, M]) -> M:
        """Set the sessions of a doctor from a day on; errors are those of SetWorkingHours in the contract."""
        now = self._clock()

        async def work(pg: Connection, claim: Claim) -> HoursChanged:
            await claim.wait_or_answer()
            return await self._set(pg, caller, new, now)

        return await perform(self._engine, write, work, now, lambda done: self._announce(done.changes))

    async def _set(self, pg: Connection, caller: Caller, new: NewHours, now: datetime) -> HoursChanged:
        doctor = doctor_of(await offer_now(pg, new.doctor_id, now))
        require(caller, Action.SET_WORKING_HOURS, Owner(clinic_id=doctor.clinic_id, doctor_id=doctor.id))
        _check_start(doctor, new.version, now)
        _check_sessions(new.version.sessions)
        last = doctor.policy.last_day(doctor.zone, now)
        changed = await hours.raise_revisions(pg, [doctor.id], hours.dates(new.version.valid_from, last), now)
        version = await (await hours.raise_version(pg, doctor.id)).fetchone()
        if version is None:
            raise not_found(Reason.DOCTOR_NOT_FOUND, "doctor", doctor.id)
        check_etag(version[0] - 1, new.etag)
        # Read again under the locks: the hours before may have changed since.
        before = doctor_of(await offer_now(pg, doctor.id, now))
        await hours.put(pg, doctor.id, new.version.valid_from, _rows(new.version))
        row = await offer_now(pg, doctor.id, now)
        booked = await hours.appointments_ahead(pg, doctor.id, new.version.valid_from, now)
        return HoursChanged(schedule_of(row, now), Changes(changed), newly_uncovered(before, doctor_of(row), booked))


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


def _check_start(doctor: Doctor, version: HoursVersion, now: datetime) -> None:
    first = today(doctor.zone, now)
    if version.valid_from < first:
        raise DomainError(
            Reason.VALID_FROM_IN_PAST,
            f"working hours can be set from {first}, today at the clinic, onwards: send that date or a later one",
            metadata={"today": first.isoformat()},
        )


def _check_sessions(sessions: Sequence[Session]) -> None:
    for number, session in enumerate(sessions):
        if not session.holds_a_slot:
            raise invalid(f"sessions[{number}].slot_minutes", "is longer than the session: shorten it")
    if overlap := first_overlap(sessions):
        raise DomainError(
            Reason.SESSIONS_OVERLAP,
            f"the session that starts at {overlap.start:%H:%M} on ISO weekday {overlap.weekday} overlaps the one"
            " before it: send sessions that do not overlap",
            metadata={"weekday": str(overlap.weekday), "start": f"{overlap.start:%H:%M}"},
        )


def _rows(version: HoursVersion) -> list[SessionRow]:
    return [
        SessionRow(version.valid_from, each.weekday, each.start, each.end, each.slot_minutes, each.capacity)
        for each in version.sessions
    ]


def schedule_of(row: OfferRow, now: datetime) -> Schedule:
    """The hours of a doctor from today on."""
    doctor = doctor_of(row)
    first = today(doctor.zone, now)
    begun = [version.valid_from for version in doctor.hours if version.valid_from <= first]
    current = [version for version in hours_of(row.hours) if not begun or version.valid_from >= max(begun)]
    extra = [each for each in hours.extra_sessions(row.extra_sessions) if each.date >= first]
    return Schedule(row.doctor_id, row.time_zone, current, extra, etag_of(row.hours_version))
