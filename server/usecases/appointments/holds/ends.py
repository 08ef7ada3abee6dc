"""How holds end: confirmed, released, or expired by the sweeper."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, TypeVar

from db.postgres.booking import alternatives, appointments, days, held
from db.postgres.booking.appointments import AppointmentRow
from db.postgres.cluster.engines import Connection, Engine
from server.domain.booking.appointment import AppointmentStatus, check_held, check_not_expired
from server.domain.booking.move_offers import is_alternative
from server.domain.errors import DomainError
from server.domain.etags import check_etag
from server.domain.identity import ALL_CLINICS, Caller, Role
from server.domain.ids import Clock
from server.usecases.appointments import history
from server.usecases.appointments.alternatives import SlotWrite, with_alternatives
from server.usecases.appointments.changeable import Changeable, ChangeableQuery, Changed
from server.usecases.appointments.holds.expiry import ACTOR
from server.usecases.appointments.type_to_book import TypeToBook
from server.usecases.idempotency import Claim, Write
from server.usecases.unit_of_work import Announce, perform, read

M = TypeVar("M")

HoldEvent = Literal["confirmed", "released", "expired"]
"""How a hold ends, as histories name it."""
_FOLLOWING: dict[HoldEvent, AppointmentStatus] = {
    "confirmed": AppointmentStatus.SCHEDULED,
    # Nothing was booked, so nothing is cancelled.
    "released": AppointmentStatus.EXPIRED,
    "expired": AppointmentStatus.EXPIRED,
}


@dataclass(frozen=True, slots=True)
class HoldEnd:
    """Which hold ends, and how; an empty `etag` matches every version."""

    appointment_id: str
    event: HoldEvent
    etag: str = ""

    @property
    def to(self) -> AppointmentStatus:
        """The status that follows."""
        return _FOLLOWING[self.event]


class Holds:
    """Ends holds."""

    def __init__(self, engine: Engine, clock: Clock, announce: Announce) -> None:
        self._engine = engine
        self._clock = clock
        self._announce = announce

    async def end(self, caller: Caller, wanted: HoldEnd, write: Write[Changed, M]) -> M:
        """End a hold; errors are those of ConfirmHold and ReleaseHold in the contract."""
        attempt = _HoldWrite(caller, self._clock(), wanted, self._clock)
        async with with_alternatives(self._engine, attempt):
            return await perform(
                self._engine, write, attempt.run, attempt.now, lambda changed: self._announce(changed.changes)
            )

    async def sweep(self) -> int:
        """Expire a batch of holds that have run out, so that lists show it; how many were expired.

        Nothing depends on it: who books a slot expires the holds that are in the way.
        """
        now = self._clock()
        found = await read(self._engine, lambda pg: held.ended(pg, now))
        sweeper = Caller(ACTOR, frozenset({Role.STAFF}), frozenset({ALL_CLINICS}), None, None, now)
        expired = 0
        for appointment_id in found:
            with suppress(DomainError):  # somebody else has ended it meanwhile
                await self.end(sweeper, HoldEnd(appointment_id, "expired"), _ONCE)
                expired += 1
        return expired


@dataclass(slots=True)
class _HoldWrite(SlotWrite):
    wanted: HoldEnd
    clock: Clock

    async def run(self, pg: Connection, claim: Claim) -> Changed:
        seen = await self._look(pg, claim)
        found = await self._lock_and_read(pg, claim, seen)
        self._check(found)
        row, following = found.row, self.wanted.to
        if following is AppointmentStatus.SCHEDULED and row.type_id:
            row = await self._keep_resources(pg, found)
        await appointments.set_status(pg, [row.id], following, self.now)
        change = history.change_by(self.caller, row.patient_id, row.id, self.wanted.event)
        await history.record_changes(pg, [change], self.now)
        row = row._replace(status=following, version=row.version + 1, updated_at=self.now, held_until=None)
        return Changed(row, self.locks.rows())

    async def _keep_resources(self, pg: Connection, found: Changeable) -> AppointmentRow:
        """Occupy what the type needs (RESOURCE_TAKEN).

        While this call waited for its locks, the hold may have run out for another booking, which took its room.
        """
        row, slot = found.row, found.slot
        self.doctor_id, self.slot = row.doctor_id, slot
        self.type = TypeToBook(row.type_id or "")
        await self.type.read(pg)
        await self.type.send(pg, row.patient_id, slot.occupied, for_others=True)
        await self.type.choose(row.id, slot.occupied, self.now)
        await self.type.take(pg, row.id)
        return row._replace(resources=self.type.resources)

    async def _look(self, pg: Connection, claim: Claim) -> Changeable:
        reading = await ChangeableQuery.send(pg, self.wanted.appointment_id, days.NOTHING_BUSY)
        await claim.wait_or_answer()
        return await reading.fetch(self.caller)

    async def _lock_and_read(self, pg: Connection, claim: Claim, seen: Changeable) -> Changeable:
        """Lock the days where the hold was seen and read it again; it may have moved or ended since (MoreDays)."""
        await self.locks.send(pg, seen.days(), seen.row.patient_id, self.now)
        reading = await ChangeableQuery.send(pg, seen.row.id, days.NOTHING_BUSY)
        sent_offered = await alternatives.is_alternative(pg, seen.row.id)
        await self.locks.take(claim)
        found = await reading.fetch(self.caller)
        self.locks.cover(found.days())
        if self.wanted.to is AppointmentStatus.SCHEDULED and await sent_offered.fetchone():
            raise is_alternative()
        return found

    def _check(self, found: Changeable) -> None:
        current = AppointmentStatus(found.row.status)
        check_etag(found.row.version, self.wanted.etag)
        check_held(current, self.wanted.to)
        if self.wanted.to is AppointmentStatus.SCHEDULED:
            # Asked under the locks: a booking that had them before may have counted the hold as over.
            check_not_expired(found.row.held_until, self.clock())
            self.locks.check_patient_bookable()


def _nothing(_: Changed | None) -> None:
    """The answer is not needed."""


_ONCE: Write[Changed, None] = Write("", "", b"", render=_nothing, dump=lambda _: b"", load=lambda _: None)
