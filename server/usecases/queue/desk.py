"""What desks and doctors do with a lane: call, recall, skip, move, close, and take in who comes without an appointment.

Each is one transaction under the lock of the lane's day, so two desks never call one ticket:

    first     locks the lane, reads A7 as the first who waits, calls it, COMMIT
    second    locks the lane ...waits................................. reads A8, calls it
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from db.postgres.cluster.engines import Connection, Engine
from db.postgres.directory import clinics
from db.postgres.queue import announcements, lanes, tickets
from db.postgres.queue.lanes import LanePlaceRow
from db.postgres.queue.tickets import TicketRow
from server.domain.errors import DomainError, Reason, not_found
from server.domain.identity import Caller
from server.domain.ids import Clock, IdMaker
from server.domain.queue.line import TicketStatus, Waiting, moved
from server.domain.reasons import check_reason
from server.domain.rights import Action, Owner, require
from server.usecases.idempotency import Claim, Write
from server.usecases.queue.issuing import NewTicket, issue, notify_near, place_of
from server.usecases.unit_of_work import perform

R = TypeVar("R")
M = TypeVar("M")

_CAN_BE_CALLED_AGAIN = {TicketStatus.CALLED, TicketStatus.SKIPPED}
_CAN_BE_SKIPPED = {TicketStatus.WAITING, TicketStatus.CALLED}


@dataclass(frozen=True, slots=True)
class TicketMove:
    """Which ticket moves to which position among those who wait, from 0, and why."""

    ticket_id: str
    position: int
    reason: str


class QueueDesk:
    """Runs the lanes of a clinic's day."""

    def __init__(self, engine: Engine, clock: Clock, new_id: IdMaker) -> None:
        self._engine = engine
        self._clock = clock
        self._new_id = new_id

    async def register_walk_in(self, caller: Caller, lane_id: str, write: Write[TicketRow, M]) -> M:
        """Issue a ticket without an appointment; errors are those of RegisterWalkIn in the contract."""

        async def work(pg: Connection, place: LanePlaceRow, now: datetime) -> TicketRow:
            return await issue(pg, place, NewTicket(self._new_id()), caller.id, now)

        return await self._perform(caller, lane_id, write, work, Action.REGISTER_WALK_IN)

    async def call_next(self, caller: Caller, lane_id: str, room: str, write: Write[TicketRow, M]) -> M:
        """Call the first who waits to a room; whoever was called there before is done (LANE_EMPTY)."""

        async def work(pg: Connection, place: LanePlaceRow, now: datetime) -> TicketRow:
            await lanes.lock(pg, lane_id, place.date)
            line = await tickets.line(pg, lane_id, place.date)
            if not line:
                raise DomainError(
                    Reason.LANE_EMPTY,
                    "nobody waits for this doctor: get the lane to see its tickets",
                    metadata={"lane_id": lane_id},
                )
            await tickets.leave_room(pg, lane_id, place.date, room, now)
            called = await self._call(pg, line[0].id, room, caller, now)
            await notify_near(pg, lane_id, place.date, now)
            return called

        return await self._perform(caller, lane_id, write, work)

    async def recall(self, caller: Caller, lane_id: str, ticket_id: str, write: Write[TicketRow, M]) -> M:
        """Call a ticket again that was called or skipped (TICKET_NOT_FOUND, STATUS_FORBIDS)."""

        async def work(pg: Connection, place: LanePlaceRow, now: datetime) -> TicketRow:
            found = await _locked(pg, place, ticket_id)
            _check(found, _CAN_BE_CALLED_AGAIN, "called again")
            return await self._call(pg, found.id, found.room, caller, now)

        return await self._perform(caller, lane_id, write, work)

    async def skip(self, caller: Caller, lane_id: str, ticket_id: str, write: Write[TicketRow, M]) -> M:
        """Pass over a ticket whose holder is not there (TICKET_NOT_FOUND, STATUS_FORBIDS)."""

        async def work(pg: Connection, place: LanePlaceRow, now: datetime) -> TicketRow:
            found = await _locked(pg, place, ticket_id)
            _check(found, _CAN_BE_SKIPPED, "skipped")
            await tickets.set_status(pg, found.id, TicketStatus.SKIPPED, now)
            await tickets.record(pg, found.id, "skipped", caller.id, now)
            await notify_near(pg, lane_id, place.date, now)
            return found._replace(status=TicketStatus.SKIPPED)

        return await self._perform(caller, lane_id, write, work)

    async def move(self, caller: Caller, lane_id: str, move: TicketMove, write: Write[TicketRow, M]) -> M:
        """Move a ticket to another position among those who wait (TICKET_NOT_FOUND, STATUS_FORBIDS)."""
        check_reason("reason", move.reason)

        async def work(pg: Connection, place: LanePlaceRow, now: datetime) -> TicketRow:
            found = await _locked(pg, place, move.ticket_id)
            _check(found, {TicketStatus.WAITING}, "moved")
            line = [Waiting(*row) for row in await tickets.line(pg, lane_id, place.date)]
            line = moved(line, found.id, move.position)
            await tickets.set_line(pg, line)
            await tickets.record(pg, found.id, "moved", caller.id, now, move.reason)
            await notify_near(pg, lane_id, place.date, now)
            return found._replace(due_at=next(each.due_at for each in line if each.ticket_id == found.id))

        return await self._perform(caller, lane_id, write, work)

    async def close(self, caller: Caller, lane_id: str, write: Write[None, M], *, closed: bool) -> M:
        """Close a lane for the day, or open it again: those who wait are still called, nobody new is let in."""

        async def work(pg: Connection, place: LanePlaceRow, _: datetime) -> None:
            await lanes.lock(pg, lane_id, place.date)
            await lanes.close(pg, lane_id, place.date, closed=closed)

        return await self._perform(caller, lane_id, write, work)

    async def announce(self, caller: Caller, clinic_id: str, lane_id: str, text: str, write: Write[str, M]) -> M:
        """Set the line for a lane, or without one for all of the clinic (CLINIC_NOT_FOUND, LANE_NOT_FOUND)."""
        now = self._clock()

        async def of_clinic(pg: Connection, claim: Claim) -> str:
            await claim.wait_or_answer()
            require(caller, Action.RUN_QUEUE, Owner(clinic_id=clinic_id))
            if await clinics.get(pg, clinic_id) is None:
                raise not_found(Reason.CLINIC_NOT_FOUND, "clinic", clinic_id)
            await lanes.lock_all(pg, clinic_id, now)
            await announcements.put(pg, clinic_id, clinic_id, text, caller.id, now)
            return text

        async def of_lane(pg: Connection, place: LanePlaceRow, _: datetime) -> str:
            if place.clinic_id != clinic_id:
                raise not_found(Reason.LANE_NOT_FOUND, "lane", lane_id)
            await lanes.lock(pg, lane_id, place.date)
            await announcements.put(pg, lane_id, clinic_id, text, caller.id, now)
            return text

        if lane_id:
            return await self._perform(caller, lane_id, write, of_lane)
        return await perform(self._engine, write, of_clinic, now)

    async def _perform(
        self,
        caller: Caller,
        lane_id: str,
        write: Write[R, M],
        work: Callable[[Connection, LanePlaceRow, datetime], Awaitable[R]],
        action: Action = Action.RUN_QUEUE,
    ) -> M:
        now = self._clock()

        async def permitted(pg: Connection, claim: Claim) -> R:
            await claim.wait_or_answer()
            place = await place_of(pg, lane_id, now)
            require(caller, action, Owner(clinic_id=place.clinic_id, doctor_id=lane_id))
            return await work(pg, place, now)

        return await perform(self._engine, write, permitted, now)

    @staticmethod
    async def _call(pg: Connection, ticket_id: str, room: str, caller: Caller, now: datetime) -> TicketRow:
        await tickets.call(pg, ticket_id, room, now)
        await tickets.record(pg, ticket_id, "called", caller.id, now, room)
        if (called := await tickets.get(pg, ticket_id)) is None:
            raise not_found(Reason.TICKET_NOT_FOUND, "ticket", ticket_id)
        return called


async def _locked(pg: Connection, place: LanePlaceRow, ticket_id: str) -> TicketRow:
    """A ticket of the lane's present day, which is locked from now on (TICKET_NOT_FOUND)."""
    await lanes.lock(pg, place.doctor_id, place.date)
    found = await tickets.get(pg, ticket_id)
    if found is None or (found.doctor_id, found.date) != (place.doctor_id, place.date):
        raise not_found(Reason.TICKET_NOT_FOUND, "ticket", ticket_id)
    return found


def _check(found: TicketRow, allowed: set[TicketStatus], step: str) -> None:
    if TicketStatus(found.status) not in allowed:
        raise DomainError(
            Reason.STATUS_FORBIDS,
            f"the ticket is {found.status.upper()} and cannot be {step}: get the lane to see its tickets",
            metadata={"status": found.status.upper()},
        )
