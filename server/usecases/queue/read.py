"""Lanes as they stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from db.postgres.cluster.engines import Connection, Engine
from db.postgres.queue import lanes, tickets
from db.postgres.queue.lanes import LaneRow
from db.postgres.queue.tickets import TicketRow
from server.domain.errors import Reason, not_found
from server.domain.identity import Caller
from server.domain.ids import Clock
from server.domain.queue.line import TicketStatus
from server.domain.queue.waits import WaitRange, delay, expected_wait
from server.domain.rights import Action, Owner, may, require
from server.usecases.unit_of_work import read


@dataclass(frozen=True, slots=True)
class LaneView:
    """A lane, whole: its tickets that are waiting, called, being served or skipped, in the order of the line."""

    row: LaneRow
    tickets: Sequence[TicketRow]
    visits: Sequence[timedelta]
    """How long the doctor's last visits took."""
    now: datetime

    @property
    def serving(self) -> list[TicketRow]:
        """Who was called or is with the doctor, the newest call first."""
        serving = [each for each in self.tickets if each.status in {TicketStatus.CALLED, TicketStatus.SERVING}]
        return sorted(serving, key=lambda each: each.called_at or each.arrived_at, reverse=True)

    @property
    def waiting(self) -> list[TicketRow]:
        """Who waits, the next one first."""
        return [each for each in self.tickets if each.status == TicketStatus.WAITING]

    @property
    def delay(self) -> timedelta:
        """How late the doctor runs."""
        last = next(((each.due_at, each.called_at) for each in self.serving if each.called_at), None)
        return delay(self.now, self.waiting[0].due_at if self.waiting else None, last)

    def wait_of(self, ahead: int, ticket: TicketRow) -> WaitRange | None:
        """How long the holder of a ticket with so many ahead will wait; None if too little is known."""
        begun = [each.called_at for each in self.serving if each.called_at]
        elapsed = self.now - min(begun) if begun else timedelta()
        rooms = max(len({each.room for each in self.serving}), 1)
        return expected_wait(ahead, rooms, elapsed, self.visits, ticket.due_at - self.now)


class Lanes:
    """Shows the lanes of clinics."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def list(self, caller: Caller, clinic_id: str) -> Sequence[LaneView]:
        """The lanes of a clinic, by letter (NOT_ALLOWED)."""
        require(caller, Action.SEE_QUEUE, Owner(clinic_id=clinic_id))
        return await self.of_clinic(clinic_id)

    async def get(self, caller: Caller, lane_id: str) -> LaneView:
        """One lane (LANE_NOT_FOUND)."""
        now = self._clock()

        async def work(pg: Connection) -> LaneView:
            row = await lanes.one(pg, lane_id, now)
            if row is None or not may(caller, Action.SEE_QUEUE, Owner(clinic_id=row.clinic_id)):
                raise not_found(Reason.LANE_NOT_FOUND, "lane", lane_id)
            [view] = await _whole(pg, [row], now)
            return view

        return await read(self._engine, work)

    async def of_clinic(self, clinic_id: str) -> Sequence[LaneView]:
        """The lanes of a clinic, by letter, whoever asks (DATABASE_UNAVAILABLE)."""
        return await read(self._engine, lambda pg: _views(pg, clinic_id, self._clock()))

    async def versions(self, clinic_ids: Sequence[str]) -> Sequence[lanes.LaneVersionRow]:
        """How new the lanes of clinics are (DATABASE_UNAVAILABLE)."""
        return await read(self._engine, lambda pg: lanes.versions(pg, clinic_ids, self._clock()))


async def _views(pg: Connection, clinic_id: str, now: datetime) -> Sequence[LaneView]:
    rows = await lanes.of_clinic(pg, clinic_id, now)
    return await _whole(pg, rows, now) if rows else []


async def _whole(pg: Connection, rows: Sequence[LaneRow], now: datetime) -> Sequence[LaneView]:
    """Lanes and tickets; a lane that changes between the statements has a newer version, and is read again."""
    ids, day = [row.doctor_id for row in rows], rows[0].date
    found = await tickets.in_lanes(pg, ids, day)
    recent = await tickets.recent_visits(pg, ids, day)
    return [
        LaneView(
            row,
            [each for each in found if each.doctor_id == row.doctor_id],
            [timedelta(seconds=seconds) for doctor_id, seconds in recent if doctor_id == row.doctor_id],
            now,
        )
        for row in rows
    ]
