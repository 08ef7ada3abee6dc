"""Cancels an appointment of a series and all that follow it, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from db.postgres.booking import appointments
from db.postgres.booking.appointments import AppointmentRow
from db.postgres.booking.days import DayRow
from db.postgres.cluster.engines import Connection, Engine
from server.domain.booking.appointment import AppointmentStatus
from server.domain.booking.doctor import DoctorDay
from server.domain.identity import Caller
from server.domain.ids import Clock
from server.domain.notices import NoticeKind
from server.usecases.appointments import history
from server.usecases.appointments.changeable import Changeable
from server.usecases.appointments.day_locks import Locks
from server.usecases.appointments.series.remaining import remaining
from server.usecases.idempotency import Claim, Write
from server.usecases.unit_of_work import Announce, Changes, perform

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class SeriesCancelled:
    """The cancelled appointments, by start, and the days that changed with them."""

    appointments: Sequence[AppointmentRow]
    revisions: Sequence[DayRow]


class SeriesCanceller:
    """Cancels the rest of a series."""

    def __init__(self, engine: Engine, clock: Clock, announce: Announce) -> None:
        self._engine = engine
        self._clock = clock
        self._announce = announce

    async def cancel(self, caller: Caller, from_id: str, reason: str, write: Write[SeriesCancelled, M]) -> M:
        """Cancel an appointment and those of its series that follow; errors are those of CancelAppointmentSeries."""
        attempt = _Cancelling(caller, self._clock(), from_id, reason)
        return await perform(
            self._engine, write, attempt.run, attempt.now, lambda done: self._announce(Changes(done.revisions))
        )


@dataclass(slots=True)
class _Cancelling:
    caller: Caller
    now: datetime
    from_id: str
    reason: str
    locks: Locks = field(default_factory=Locks)

    async def run(self, pg: Connection, claim: Claim) -> SeriesCancelled:
        seen = await remaining(pg, claim, self.caller, self.from_id)
        needed = _days(seen)
        await self.locks.send(pg, needed, seen[0].row.patient_id, self.now)
        await self.locks.take(claim)
        found = await remaining(pg, claim, self.caller, self.from_id)
        self.locks.cover(_days(found))
        for each in found:
            each.check_in_time(self.caller, self.now)
        return await self._write(pg, [each.row for each in found])

    async def _write(self, pg: Connection, rows: Sequence[AppointmentRow]) -> SeriesCancelled:
        await appointments.set_status(pg, [row.id for row in rows], AppointmentStatus.CANCELLED, self.now)
        changes = [history.change_by(self.caller, row.patient_id, row.id, "cancelled", self.reason) for row in rows]
        # The cancellation of the first one lists all of them; of the others only the reminders are withdrawn.
        notices = [NoticeKind.CANCELLATION, *(NoticeKind.REMINDER for _ in rows[1:])]
        await history.record_changes(pg, changes, self.now, notices)
        cancelled = [
            row._replace(status=AppointmentStatus.CANCELLED, version=row.version + 1, updated_at=self.now)
            for row in rows
        ]
        return SeriesCancelled(cancelled, self.locks.rows())


def _days(found: Sequence[Changeable]) -> set[DoctorDay]:
    return set().union(*(each.days() for each in found))
