"""Tickets of lanes. Whoever writes them holds the lock of the lane's day (`lanes.lock`)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from db.postgres.cluster.engines import Connection
from db.postgres.driver.pipeline import named


class TicketRow(NamedTuple):
    """A ticket, with the letter of its lane."""

    id: str
    doctor_id: str
    date: date
    letter: str
    number: int
    appointment_id: str | None
    status: str
    due_at: datetime
    arrived_at: datetime
    called_at: datetime | None
    calls: int
    room: str


class WaitingRow(NamedTuple):
    """A waiting ticket, and when it is due."""

    id: str
    due_at: datetime


_SELECT = """
SELECT t.id, t.doctor_id, t.date, l.letter, t.number, t.appointment_id, t.status, t.due_at, t.arrived_at, t.called_at,
    t.calls, t.room
FROM tickets t JOIN lanes l ON l.doctor_id = t.doctor_id
"""
_GET = f"{_SELECT} WHERE t.id = %(id)s"
_OF_APPOINTMENT = f"{_SELECT} WHERE t.appointment_id = %(appointment_id)s AND t.status <> 'withdrawn'"
_IN_LANES = f"""{_SELECT}
WHERE t.doctor_id = ANY(%(doctor_ids)s::uuid[]) AND t.date = %(date)s
    AND t.status IN ('waiting', 'called', 'serving', 'skipped')
ORDER BY t.doctor_id, t.place, t.number
"""
_RECENT = """
SELECT lane.id, extract(epoch FROM visit.ended_at - visit.called_at)::float8
FROM unnest(%(doctor_ids)s::uuid[]) AS lane (id) CROSS JOIN LATERAL (
    SELECT called_at, ended_at FROM tickets
    WHERE doctor_id = lane.id AND date BETWEEN %(date)s::date - 14 AND %(date)s::date AND status = 'done'
        AND ended_at > called_at
    ORDER BY date DESC, number DESC LIMIT 30) AS visit
"""
_LINE = """
SELECT id, due_at FROM tickets WHERE doctor_id = %(doctor_id)s AND date = %(date)s AND status = 'waiting'
ORDER BY place, number
"""
_ADD = """
INSERT INTO tickets (id, doctor_id, date, number, appointment_id, status, place, due_at, arrived_at, calls, room)
VALUES (%(id)s, %(doctor_id)s, %(date)s, %(number)s, %(appointment_id)s, 'waiting', 0, %(now)s, %(now)s, 0, '')
"""
_PLACE = """
UPDATE tickets SET place = line.place, due_at = line.due_at
FROM unnest(%(ids)s::uuid[], %(due)s::timestamptz[]) WITH ORDINALITY AS line (id, due_at, place)
WHERE tickets.id = line.id
"""
_LEAVE_ROOM = """
UPDATE tickets SET status = 'done', ended_at = coalesce(ended_at, %(now)s)
WHERE doctor_id = %(doctor_id)s AND date = %(date)s AND status IN ('called', 'serving') AND room = %(room)s
"""
_CALL = """
UPDATE tickets SET status = 'called', called_at = %(now)s, ended_at = NULL, calls = calls + 1, room = %(room)s,
    first_called_at = CASE WHEN called_at IS NULL THEN %(now)s ELSE first_called_at END
WHERE id = %(id)s
"""
_SET = """
UPDATE tickets SET status = %(status)s, called_at = CASE WHEN %(status)s = 'serving' THEN coalesce(called_at, %(now)s)
    ELSE called_at END, first_called_at = CASE WHEN %(status)s = 'serving' AND called_at IS NULL THEN %(now)s
    ELSE first_called_at END, ended_at = CASE WHEN %(status)s = 'done' THEN coalesce(ended_at, %(now)s) END
WHERE id = %(id)s
"""
_TELL = """
INSERT INTO ticket_events (ticket_id, happened_at, actor, event, note)
VALUES (%(id)s, %(now)s, %(actor)s, %(event)s, %(note)s)
"""

# The number before somebody is that of those who wait further in front. A walk-in has no contact.
_TELL_NEAR = """
WITH line AS (
    SELECT id, row_number() OVER (ORDER BY place, number) - 1 AS ahead FROM tickets
    WHERE doctor_id = %(doctor_id)s AND date = %(date)s AND status = 'waiting'
), near AS (
    UPDATE tickets SET told_at = %(now)s
    FROM line, lanes l JOIN queue_rules r ON r.clinic_id = l.clinic_id
    WHERE l.doctor_id = %(doctor_id)s AND r.tell_before > 0 AND line.ahead <= r.tell_before
        AND tickets.id = line.id AND tickets.told_at IS NULL
        AND (%(issued)s::uuid IS NULL OR tickets.id = %(issued)s::uuid)
    RETURNING appointment_id)
INSERT INTO procrastinate_jobs (queue_name, task_name, args)
SELECT CASE WHEN q.email <> '' THEN 'email' WHEN q.phone <> '' AND strpos(q.phone, ';') = 0 THEN 'sms'
        ELSE 'changes' END, 'announce',
    jsonb_strip_nulls(jsonb_build_object('appointment_id', a.id, 'kind', 'turn', 'version', a.version,
        'start_at', a.start_at, 'traceparent', %(traceparent)s::text))
FROM near JOIN appointments a ON a.id = near.appointment_id JOIN patients q ON q.id = a.patient_id
WHERE %(issued)s::uuid IS NULL
"""


async def get(pg: Connection, ticket_id: str) -> TicketRow | None:
    """One ticket, or None."""
    cursor = pg.cursor(row_factory=named(TicketRow))
    await cursor.execute(_GET, {"id": ticket_id})
    return await cursor.fetchone()


async def of_appointment(pg: Connection, appointment_id: str) -> TicketRow | None:
    """The ticket of an appointment that was not withdrawn, or None."""
    cursor = pg.cursor(row_factory=named(TicketRow))
    await cursor.execute(_OF_APPOINTMENT, {"appointment_id": appointment_id})
    return await cursor.fetchone()


async def in_lanes(pg: Connection, doctor_ids: Sequence[str], day: date) -> list[TicketRow]:
    """The tickets of lanes on a day that are waiting, called, being served or skipped, by lane and place."""
    cursor = pg.cursor(row_factory=named(TicketRow))
    await cursor.execute(_IN_LANES, {"doctor_ids": list(doctor_ids), "date": day})
    return await cursor.fetchall()


async def recent_visits(pg: Connection, doctor_ids: Sequence[str], day: date) -> list[tuple[str, float]]:
    """Doctors, and how many seconds each of their last 30 visits took, from its call to its end; of 14 days at most."""
    cursor = await pg.execute(_RECENT, {"doctor_ids": list(doctor_ids), "date": day})
    return await cursor.fetchall()


async def line(pg: Connection, doctor_id: str, day: date) -> list[WaitingRow]:
    """The waiting tickets of a lane in their order."""
    cursor = pg.cursor(row_factory=named(WaitingRow))
    await cursor.execute(_LINE, {"doctor_id": doctor_id, "date": day})
    return await cursor.fetchall()


async def add(
    pg: Connection, ticket_id: str, doctor_id: str, day: date, number: int, appointment_id: str | None, now: datetime
) -> None:
    """Add a ticket that waits; `set_line` gives it its place."""
    values = {"id": ticket_id, "doctor_id": doctor_id, "date": day, "number": number, "now": now}
    await pg.execute(_ADD, {**values, "appointment_id": appointment_id})


async def set_line(pg: Connection, waiting: Sequence[tuple[str, datetime]]) -> None:
    """Store the order of the waiting tickets, each with when it is due."""
    await pg.execute(_PLACE, {"ids": [each[0] for each in waiting], "due": [each[1] for each in waiting]})


async def leave_room(pg: Connection, doctor_id: str, day: date, room: str, now: datetime) -> None:
    """Whoever was called to a room before is done."""
    await pg.execute(_LEAVE_ROOM, {"doctor_id": doctor_id, "date": day, "room": room, "now": now})


async def call(pg: Connection, ticket_id: str, room: str, now: datetime) -> None:
    """Call a ticket to a room, for the first time or again."""
    await pg.execute(_CALL, {"id": ticket_id, "room": room, "now": now})


async def set_status(pg: Connection, ticket_id: str, status: str, now: datetime) -> None:
    """Set the status of a ticket, other than by a call."""
    await pg.execute(_SET, {"id": ticket_id, "status": status, "now": now})


async def notify_near(
    pg: Connection, doctor_id: str, day: date, now: datetime, traceparent: str | None, *, issued: str | None = None
) -> None:
    """Queue a notice, in this trace, for everybody whose turn comes soon by the clinic's rules and who had none yet.

    Of one that was just `issued` it is only noted, since its holder is at the desk.
    """
    values = {"doctor_id": doctor_id, "date": day, "now": now, "traceparent": traceparent, "issued": issued}
    await pg.execute(_TELL_NEAR, values)


async def record(pg: Connection, ticket_id: str, event: str, actor: str, now: datetime, note: str = "") -> None:
    """Add to the history of a ticket."""
    await pg.execute(_TELL, {"id": ticket_id, "event": event, "actor": actor, "now": now, "note": note})
