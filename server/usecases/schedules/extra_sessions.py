"""Extra sessions: work on a single date, beside the working hours or on a holiday."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

from db.postgres.booking import hours
from db.postgres.booking.hours import ExtraSessionRow
from db.postgres.cluster.engines import Connection, Engine
from server.domain.booking.doctor import Doctor
from server.domain.booking.hours import Session, overlaps_others
from server.domain.booking.policies import today
from server.domain.errors import DomainError, Reason, invalid
from server.domain.identity import Caller
from server.domain.ids import Clock
from server.domain.rights import Action, Owner, require
from server.usecases.idempotency import Claim, Write
from server.usecases.schedules.doctor_mapping import doctor_of
from server.usecases.schedules.working_hours import HoursChanged, newly_uncovered, offer_now, schedule_of
from server.usecases.unit_of_work import Announce, Changes, perform

M = TypeVar("M")

MOST_AHEAD = 200
"""How many extra sessions a doctor has at most that are not over."""
_KEPT = timedelta(days=100)
"""Nobody asks for the slots of a day that is so long past."""


@dataclass(frozen=True, slots=True)
class DoctorDate:
    """A date of a doctor's schedule."""

    doctor_id: str
    date: date


class ExtraSessions:
    """Adds and removes extra sessions."""

    def __init__(self, engine: Engine, clock: Clock, announce: Announce) -> None:
        self._engine = engine
        self._clock = clock
        self._announce = announce

    async def add(self, caller: Caller, where: DoctorDate, session: Session, write: Write[HoursChanged, M]) -> M:
        """Add a session; errors are those of AddSession in the contract."""
        if not session.holds_a_slot:
            raise invalid("slot_minutes", "is longer than the session: shorten it")

        def added(doctor: Doctor, rows: list[ExtraSessionRow]) -> list[ExtraSessionRow]:
            _check_apart(doctor, where.date, session)
            if len(rows) >= MOST_AHEAD:
                raise invalid("doctor_id", f"has {MOST_AHEAD} extra sessions: remove some, or change the working hours")
            new = ExtraSessionRow(where.date, session.start, session.end, session.slot_minutes, session.capacity)
            return [*rows, new]

        return await self._change(caller, where, added, write)

    async def remove(self, caller: Caller, where: DoctorDate, session: Session, write: Write[HoursChanged, M]) -> M:
        """Remove the session that starts then; errors are those of RemoveSession in the contract."""

        def left(_: Doctor, rows: list[ExtraSessionRow]) -> list[ExtraSessionRow]:
            kept = [each for each in rows if (each.date, each.start_local) != (where.date, session.start)]
            if len(kept) == len(rows):
                raise invalid("start", "is not the start of an extra session of that date: get the schedule")
            return kept

        return await self._change(caller, where, left, write)

    async def _change(
        self,
        caller: Caller,
        where: DoctorDate,
        changed: Callable[[Doctor, list[ExtraSessionRow]], list[ExtraSessionRow]],
        write: Write[HoursChanged, M],
    ) -> M:
        now = self._clock()

        async def work(pg: Connection, claim: Claim) -> HoursChanged:
            await claim.wait_or_answer()
            doctor = doctor_of(await offer_now(pg, where.doctor_id, now))
            require(caller, Action.SET_WORKING_HOURS, Owner(clinic_id=doctor.clinic_id, doctor_id=doctor.id))
            _check_ahead(doctor, where.date, now)
            raised = await hours.raise_revisions(pg, [doctor.id], [where.date], now)
            await hours.raise_version(pg, doctor.id)
            # Read again under the locks: the hours before may have changed since.
            row = await offer_now(pg, doctor.id, now)
            before, rows = doctor_of(row), hours.extra_sessions(row.extra_sessions)
            kept = [each for each in rows if each.date > now.date() - _KEPT]
            await hours.put_extra(pg, doctor.id, changed(before, kept))
            row = await offer_now(pg, doctor.id, now)
            booked = await hours.appointments_ahead(pg, doctor.id, where.date, now)
            return HoursChanged(schedule_of(row, now), Changes(raised), newly_uncovered(before, doctor_of(row), booked))

        return await perform(self._engine, write, work, now, lambda done: self._announce(done.changes))


def _check_ahead(doctor: Doctor, day: date, now: datetime) -> None:
    first = today(doctor.zone, now)
    if day < first:
        raise invalid("date", f"is past: send {first}, today at the clinic, or a later date")


def _check_apart(doctor: Doctor, day: date, session: Session) -> None:
    days = (day + timedelta(days=offset) for offset in (-1, 0, 1))
    if overlaps_others(day, session, {each: doctor.sessions_on(each) for each in days}):
        raise DomainError(
            Reason.SESSIONS_OVERLAP,
            "the doctor works at that time already: send a session that does not overlap the others of that date",
            metadata={"weekday": str(session.weekday), "start": f"{session.start:%H:%M}"},
        )
