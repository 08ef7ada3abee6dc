"""Giving an appointment another free room or device of the same kind, in one transaction."""

from dataclasses import dataclass
from typing import TypeVar

from db.postgres.booking import days, resources
from db.postgres.cluster.engines import Connection, Engine
from server.domain.booking.appointment import AppointmentStatus, check_occupies
from server.domain.booking.resources import Resource, kind_of, replacement
from server.domain.etags import check_etag
from server.domain.identity import Caller
from server.domain.ids import Clock
from server.domain.rights import Action
from server.usecases.appointments import history
from server.usecases.appointments.alternatives import SlotWrite, with_alternatives
from server.usecases.appointments.changeable import Changeable, ChangeableQuery, Changed
from server.usecases.appointments.type_to_book import TypeToBook
from server.usecases.idempotency import Claim, Write
from server.usecases.schedules.appointment_types import resource_of
from server.usecases.unit_of_work import Announce, perform

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Swap:
    """Which resource an appointment leaves, and for which one; without `to_resource_id` any free one of the kind."""

    appointment_id: str
    resource_id: str
    to_resource_id: str
    etag: str


class ResourceSwapper:
    """Swaps the rooms and devices of appointments."""

    def __init__(self, engine: Engine, clock: Clock, announce: Announce) -> None:
        self._engine = engine
        self._clock = clock
        self._announce = announce

    async def swap(self, caller: Caller, swap: Swap, write: Write[Changed, M]) -> M:
        """Swap a resource; errors are those of SwapResource in the contract."""
        attempt = _SwapWrite(caller, self._clock(), swap)
        async with with_alternatives(self._engine, attempt):
            return await perform(
                self._engine, write, attempt.run, attempt.now, lambda changed: self._announce(changed.changes)
            )


@dataclass(slots=True)
class _SwapWrite(SlotWrite):
    swap: Swap

    async def run(self, pg: Connection, claim: Claim) -> Changed:
        found = await self._lock_and_read(pg, claim, await self._look(pg, claim))
        check_etag(found.row.version, self.swap.etag)
        check_occupies(AppointmentStatus(found.row.status))
        kind, name = kind_of(found.row.resources or (), self.swap.resource_id)
        await resources.lock_kinds(pg, found.row.clinic_id, [kind])
        return await self._write(pg, found, name, await self._choose(pg, found, kind))

    async def _look(self, pg: Connection, claim: Claim) -> Changeable:
        reading = await ChangeableQuery.send(pg, self.swap.appointment_id, days.NOTHING_BUSY)
        await claim.wait_or_answer()
        return await reading.fetch(self.caller, Action.SWAP_RESOURCE)

    async def _lock_and_read(self, pg: Connection, claim: Claim, seen: Changeable) -> Changeable:
        """Lock the days where the appointment was seen and read it again; it may have moved since (MoreDays)."""
        await self.locks.send(pg, seen.days(), seen.row.patient_id, self.now)
        reading = await ChangeableQuery.send(pg, seen.row.id, days.NOTHING_BUSY)
        await self.locks.take(claim)
        found = await reading.fetch(self.caller, Action.SWAP_RESOURCE)
        self.locks.cover(found.days())
        self.doctor_id, self.slot = found.row.doctor_id, found.slot
        self.type = TypeToBook(found.row.type_id or "")
        await self.type.read(pg)
        return found

    async def _choose(self, pg: Connection, found: Changeable, kind: str) -> Resource:
        """What it is to take (RESOURCE_NOT_FOUND, RESOURCE_TAKEN); the kind must be locked."""
        period = found.slot.occupied
        in_use = await resources.in_use(pg, found.row.clinic_id, kind, days.period(*period))
        wanted = (self.swap.resource_id, self.swap.to_resource_id)
        return replacement([resource_of(each) for each in in_use], *wanted, period, self.now)

    async def _write(self, pg: Connection, found: Changeable, left: str, taken: Resource) -> Changed:
        row = found.row
        kept = [each for each in row.resources or () if each[0] != self.swap.resource_id]
        ids = [*(each[0] for each in kept), taken.id]
        await resources.swap(pg, row.id, ids, taken.lapsed(found.slot.occupied, self.now), self.now)
        change = history.change_by(self.caller, row.patient_id, row.id, "resource_swapped", f"{left} -> {taken.name}")
        await history.record_changes(pg, [change], self.now)
        shown = sorted([*kept, (taken.id, taken.kind, taken.name)], key=lambda each: each[1:])
        row = row._replace(resources=shown, version=row.version + 1, updated_at=self.now)
        return Changed(row, self.locks.rows())
