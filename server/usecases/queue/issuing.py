"""Tickets are issued, and follow the appointments that they are for."""

from dataclasses import dataclass
from datetime import date, datetime

from db.errors import Conflict
from db.postgres.booking.appointments import AppointmentRow
from db.postgres.cluster.engines import Connection
from db.postgres.queue import lanes, tickets
from db.postgres.queue.lanes import LanePlaceRow
from db.postgres.queue.tickets import TicketRow
from server.domain.booking.appointment import AppointmentStatus
from server.domain.errors import DomainError, Reason, not_found
from server.domain.ids import IdMaker
from server.domain.queue.line import DEFAULT_RULES, QueueRules, TicketStatus, Waiting, due_at, is_late, joined
from server.telemetry import traces

MOST_TICKETS = 999
"""The most tickets of a lane on a day: what fits on a screen and into a message."""

_FOLLOWS = {
    AppointmentStatus.CHECKED_IN: TicketStatus.CALLED,  # a step back; a check-in issues a ticket
    AppointmentStatus.IN_PROGRESS: TicketStatus.SERVING,
    AppointmentStatus.COMPLETED: TicketStatus.DONE,
}


@dataclass(frozen=True, slots=True)
class NewTicket:
    """For whom a ticket is: an appointment and its start, or neither for a walk-in."""

    id: str
    appointment_id: str | None = None
    start_at: datetime | None = None


async def place_of(pg: Connection, lane_id: str, now: datetime) -> LanePlaceRow:
    """Where a lane is (LANE_NOT_FOUND)."""
    if (row := await lanes.place(pg, lane_id, now)) is None:
        raise not_found(Reason.LANE_NOT_FOUND, "lane", lane_id)
    return row


def rules_of(place: LanePlaceRow) -> QueueRules:
    """The rules of the lane's clinic."""
    return QueueRules(*place.rules) if place.rules else DEFAULT_RULES


async def issue(pg: Connection, place: LanePlaceRow, new: NewTicket, actor: str, now: datetime) -> TicketRow:
    """Issue the next ticket of a lane and give it its place in the line (LANE_CLOSED).

    Locks the lane's day until the transaction ends.
    """
    day = await lanes.lock(pg, place.doctor_id, place.date, numbers=1)
    if day.closed:
        raise DomainError(
            Reason.LANE_CLOSED,
            "the doctor's queue is closed for today: open it again, or send the patient to another doctor",
            metadata={"lane_id": place.doctor_id},
        )
    if day.last_number > MOST_TICKETS:
        raise DomainError(
            Reason.LANE_FULL,
            f"the doctor's queue has given out {MOST_TICKETS} tickets today, the most that it may: send the patient to"
            " another doctor",
            metadata={"limit": str(MOST_TICKETS)},
        )
    if (letter := await lanes.letter(pg, place.doctor_id, place.clinic_id)) is None:
        raise Conflict("another lane of the clinic got the letter")
    rules, waiting = rules_of(place), [Waiting(*row) for row in await tickets.line(pg, place.doctor_id, place.date)]
    behind = rules.late_behind if is_late(new.start_at, now, rules) else 0
    line = joined(waiting, Waiting(new.id, due_at(new.start_at, now, rules)), behind)
    await tickets.add(pg, new.id, place.doctor_id, place.date, day.last_number, new.appointment_id, now)
    await tickets.set_line(pg, line)
    await tickets.record(pg, new.id, "issued", actor, now)
    await notify_near(pg, place.doctor_id, place.date, now, issued=new.id)
    due = next(each.due_at for each in line if each.ticket_id == new.id)
    return TicketRow(
        new.id,
        place.doctor_id,
        place.date,
        letter,
        day.last_number,
        new.appointment_id,
        "waiting",
        due,
        now,
        None,
        0,
        "",
    )


async def follow(
    pg: Connection,
    new_id: IdMaker,
    row: AppointmentRow,
    to: AppointmentStatus,
    actor: str,
    now: datetime,
) -> TicketRow | None:
    """Let the ticket of an appointment, whose day is locked, follow its step to another status; a check-in issues one.

    Returns the ticket, if there is one now.
    """
    found = await tickets.of_appointment(pg, row.id)
    if found is None:
        if to is not AppointmentStatus.CHECKED_IN or row.status == AppointmentStatus.IN_PROGRESS:
            return None
        new = NewTicket(new_id(), row.id, row.start_at)
        return await issue(pg, await place_of(pg, row.doctor_id, now), new, actor, now)
    await lanes.lock(pg, found.doctor_id, found.date)
    status = _FOLLOWS.get(to, TicketStatus.WITHDRAWN)
    await tickets.set_status(pg, found.id, status, now)
    await tickets.record(pg, found.id, status, actor, now)
    await notify_near(pg, found.doctor_id, found.date, now)
    return None if status is TicketStatus.WITHDRAWN else found._replace(status=status)


async def withdraw(pg: Connection, appointment_id: str, actor: str, now: datetime) -> None:
    """Take the ticket of an appointment, whose day is locked, out of its lane, if it has one."""
    if found := await tickets.of_appointment(pg, appointment_id):
        await lanes.lock(pg, found.doctor_id, found.date)
        await tickets.set_status(pg, found.id, TicketStatus.WITHDRAWN, now)
        await tickets.record(pg, found.id, TicketStatus.WITHDRAWN, actor, now)
        await notify_near(pg, found.doctor_id, found.date, now)


async def notify_near(pg: Connection, lane_id: str, day: date, now: datetime, *, issued: str | None = None) -> None:
    """After whatever moves a line, whose day is locked: notify those whose turn comes soon, each once."""
    await tickets.notify_near(pg, lane_id, day, now, traces.traceparent(), issued=issued)
