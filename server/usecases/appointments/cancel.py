"""Cancelling an appointment: one transaction that leaves everything as it was if it fails."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from db.postgres.booking import appointments, days
from db.postgres.cluster.engines import Connection, Engine
from server.domain.booking.appointment import AppointmentStatus, check_step
from server.domain.etags import check_etag
from server.domain.identity import Caller
from server.domain.ids import Clock
from server.usecases.appointments import history
from server.usecases.appointments.changeable import Changeable, ChangeableQuery, Changed
from server.usecases.appointments.day_locks import Locks
from server.usecases.idempotency import Claim, Write
from server.usecases.queue.issuing import withdraw
from server.usecases.unit_of_work import Announce, perform

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Which appointment to cancel, and why; an empty `etag` matches every version."""

    appointment_id: str
    reason: str
    etag: str


class Canceller:
    """Cancels appointments."""

    def __init__(self, engine: Engine, clock: Clock, announce: Announce) -> None:
        self._engine = engine
        self._clock = clock
        self._announce = announce

    async def cancel(self, caller: Caller, cancellation: Cancellation, write: Write[Changed, M]) -> M:
        """Cancel an appointment; errors are those of CancelAppointment in the contract."""
        attempt = _CancellationWrite(caller, self._clock(), cancellation)
        return await perform(
            self._engine, write, attempt.run, attempt.now, lambda changed: self._announce(changed.changes)
        )


@dataclass(slots=True)
class _CancellationWrite:
    caller: Caller
    now: datetime
    cancellation: Cancellation
    locks: Locks = field(default_factory=Locks)

    async def run(self, pg: Connection, claim: Claim) -> Changed:
        seen = await self._look(pg, claim)
        found = await self._lock_and_read(pg, claim, seen)
        self._check(found)
        return await self._write(pg, found)

    async def _look(self, pg: Connection, claim: Claim) -> Changeable:
        reading = await ChangeableQuery.send(pg, self.cancellation.appointment_id, days.NOTHING_BUSY)
        await claim.wait_or_answer()
        return await reading.fetch(self.caller)

    async def _lock_and_read(self, pg: Connection, claim: Claim, seen: Changeable) -> Changeable:
        """Lock the days where the appointment was seen and read it again; it may have moved since (MoreDays)."""
        await self.locks.send(pg, seen.days(), seen.row.patient_id, self.now)
        reading = await ChangeableQuery.send(pg, seen.row.id, days.NOTHING_BUSY)
        await self.locks.take(claim)
        found = await reading.fetch(self.caller)
        self.locks.cover(found.days())
        return found

    def _check(self, found: Changeable) -> None:
        check_etag(found.row.version, self.cancellation.etag)
        check_step(AppointmentStatus(found.row.status), AppointmentStatus.CANCELLED)
        found.check_in_time(self.caller, self.now)

    async def _write(self, pg: Connection, found: Changeable) -> Changed:
        # The patient got no notice of a hold, and so gets none of its end.
        held = found.row.status == AppointmentStatus.HELD
        event, following = (
            ("released", AppointmentStatus.EXPIRED) if held else ("cancelled", AppointmentStatus.CANCELLED)
        )
        await appointments.set_status(pg, [found.row.id], following, self.now)
        if found.row.status == AppointmentStatus.CHECKED_IN:
            await withdraw(pg, found.row.id, self.caller.id, self.now)
        cancelled = history.change_by(self.caller, found.row.patient_id, found.row.id, event, self.cancellation.reason)
        await history.record_changes(pg, [cancelled], self.now)
        row = found.row._replace(status=following, version=found.row.version + 1, updated_at=self.now)
        row = row._replace(held_until=None)
        return Changed(row, self.locks.rows())
