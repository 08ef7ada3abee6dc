"""Lanes as they stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from db.postgres.cluster.engines import Connection, Engine
from db.postgres.queue import lanes, tickets
from db.postgres.queue.lanes import LaneRow
from db.postgres.queue.tickets import TicketRow
from server.domain.errors import Reason, not_found
from server.domain.identity import Action, Caller, Owner, may, require
from server.domain.ids import Clock
from server.usecases.unit_of_work import read


@dataclass(frozen=True, slots=True)
class LaneView:
    """A lane, whole: its tickets that are waiting, called, being served or skipped, in the order of the line."""

    row: LaneRow
    tickets: Sequence[TicketRow]


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
            return LaneView(row, await tickets.in_lanes(pg, [lane_id], row.date))

        return await read(self._engine, work)

    async def of_clinic(self, clinic_id: str) -> Sequence[LaneView]:
        """The lanes of a clinic, by letter, whoever asks (DATABASE_UNAVAILABLE)."""
        return await read(self._engine, lambda pg: _views(pg, clinic_id, self._clock()))

    async def versions(self, clinic_ids: Sequence[str]) -> Sequence[lanes.LaneVersionRow]:
        """How new the lanes of clinics are (DATABASE_UNAVAILABLE)."""
        return await read(self._engine, lambda pg: lanes.versions(pg, clinic_ids, self._clock()))


async def _views(pg: Connection, clinic_id: str, now: datetime) -> Sequence[LaneView]:
    """Lanes and tickets; a lane that changes between the two statements has a newer version, and is read again."""
    rows = await lanes.of_clinic(pg, clinic_id, now)
    if not rows:
        return []
    found = await tickets.in_lanes(pg, [row.doctor_id for row in rows], rows[0].date)
    return [LaneView(row, [each for each in found if each.doctor_id == row.doctor_id]) for row in rows]
