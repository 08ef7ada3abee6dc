"""Figures about a clinic's days. Each statement reads one clinic's days along an index, and no patients.

Parameters: `grouping` says what rows stand for (day, doctor, type or hour), `doctor_id` may be None for all.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from db.postgres.cluster.engines import Connection
from db.postgres.driver.pipeline import named


class ReportedDays(NamedTuple):
    """Which days of a clinic, of one doctor or all, and what rows stand for."""

    clinic_id: str
    doctor_id: str | None
    first: date
    last: date
    grouping: str


class UseRow(NamedTuple):
    """What was booked; `key` is a date, the id of a doctor or a type (empty for no type), or an hour."""

    key: str
    appointments: int
    booked_seconds: int
    attended_seconds: int


class WaitRow(NamedTuple):
    """How long those waited who were called, in seconds; the row of all has the key None."""

    key: str | None
    called: int
    not_called: int
    mean: float
    median: float
    p90: float
    longest: float


class NoShowRow(NamedTuple):
    """What became of appointments."""

    key: str
    appointments: int
    attended: int
    no_shows: int
    unresolved: int
    cancelled: int
    late_cancellations: int
    late_moves: int


class StatusRow(NamedTuple):
    """How many appointments have a status."""

    status: str
    appointments: int


def _key(day: str, doctor: str, of_type: str, instant: str) -> str:
    return f"""CASE %(grouping)s::text WHEN 'day' THEN {day}::text WHEN 'doctor' THEN {doctor}::text
        WHEN 'type' THEN {of_type} ELSE to_char({instant} AT TIME ZONE c.time_zone, 'HH24') END"""


_KEY = _key("a.date", "a.doctor_id", "coalesce(a.type_id::text, '')", "a.start_at")
_APPOINTMENTS = """appointments a JOIN clinics c ON c.id = a.clinic_id"""
_OF_CLINIC = """a.clinic_id = %(clinic_id)s AND a.date BETWEEN %(first)s AND %(last)s
    AND (%(doctor_id)s::uuid IS NULL OR a.doctor_id = %(doctor_id)s::uuid)"""
_ATTENDED = "a.status IN ('checked_in', 'in_progress', 'completed')"
_SECONDS = "extract(epoch FROM a.end_at - a.start_at)"

_BOOKED = f"""
SELECT {_KEY}, count(*), sum({_SECONDS})::bigint, coalesce(sum({_SECONDS}) FILTER (WHERE {_ATTENDED}), 0)::bigint
FROM {_APPOINTMENTS}
WHERE {_OF_CLINIC} AND (a.status IN ('scheduled', 'no_show') OR {_ATTENDED})
GROUP BY 1
"""
# Tickets that were called before there was first_called_at have their first call in their history.
_TYPE_OF_TICKET = "CASE WHEN t.appointment_id IS NULL THEN 'walk_in' ELSE coalesce(a.type_id::text, '') END"
_WAITS = f"""
WITH waited AS (
    SELECT {_key("t.date", "t.doctor_id", _TYPE_OF_TICKET, "greatest(a.start_at, t.arrived_at)")} AS key,
        greatest(extract(epoch FROM first.called_at - greatest(a.start_at, t.arrived_at)), 0)::float8
            * CASE WHEN first.called_at IS NOT NULL THEN 1 END AS seconds
    FROM lanes l JOIN clinics c ON c.id = l.clinic_id
    JOIN tickets t ON t.doctor_id = l.doctor_id AND t.date BETWEEN %(first)s AND %(last)s AND t.status <> 'withdrawn'
    LEFT JOIN appointments a ON a.id = t.appointment_id
    CROSS JOIN LATERAL (SELECT coalesce(t.first_called_at, (
        SELECT min(e.happened_at) FROM ticket_events e
        WHERE t.called_at IS NOT NULL AND e.ticket_id = t.id AND e.event IN ('called', 'serving')
    )) AS called_at) AS first
    WHERE l.clinic_id = %(clinic_id)s AND (%(doctor_id)s::uuid IS NULL OR l.doctor_id = %(doctor_id)s::uuid))
SELECT key, count(seconds), count(*) - count(seconds), coalesce(avg(seconds), 0),
    coalesce(percentile_disc(0.5) WITHIN GROUP (ORDER BY seconds), 0),
    coalesce(percentile_disc(0.9) WITHIN GROUP (ORDER BY seconds), 0), coalesce(max(seconds), 0)
FROM waited GROUP BY GROUPING SETS ((key), ())
"""
# A move's note begins with the start that the appointment had before.
_NO_SHOWS = f"""
SELECT {_KEY}, count(*), count(*) FILTER (WHERE {_ATTENDED}), count(*) FILTER (WHERE a.status = 'no_show'),
    count(*) FILTER (WHERE a.status = 'scheduled'), count(*) FILTER (WHERE a.status = 'cancelled'),
    count(*) FILTER (WHERE a.status = 'cancelled'
        AND change.cancelled_at > a.start_at - %(late_hours)s * interval '1 hour'),
    count(*) FILTER (WHERE change.moved_late)
FROM {_APPOINTMENTS} CROSS JOIN LATERAL (
    SELECT max(e.happened_at) FILTER (WHERE e.event = 'cancelled') AS cancelled_at,
        bool_or(e.event = 'rescheduled' AND e.happened_at
            > substring(e.note FROM '^from (\\d{{4}}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ)')::timestamptz
                - %(late_hours)s * interval '1 hour') AS moved_late
    FROM appointment_events e
    WHERE e.appointment_id = a.id AND e.event IN ('cancelled', 'rescheduled')) AS change
WHERE {_OF_CLINIC} AND a.status NOT IN ('held', 'expired')
GROUP BY 1
"""
_STATUSES = """
SELECT status, count(*) FROM appointments
WHERE clinic_id = %(clinic_id)s AND date = %(date)s GROUP BY status ORDER BY status
"""


async def booked(pg: Connection, days: ReportedDays) -> list[UseRow]:
    """What was booked, without what was cancelled or only held."""
    cursor = pg.cursor(row_factory=named(UseRow))
    await cursor.execute(_BOOKED, days._asdict())
    return await cursor.fetchall()


async def waits(pg: Connection, days: ReportedDays) -> list[WaitRow]:
    """How long the holders of tickets waited from when they were due to their first call, and for all together."""
    cursor = pg.cursor(row_factory=named(WaitRow))
    await cursor.execute(_WAITS, days._asdict())
    return await cursor.fetchall()


async def no_shows(pg: Connection, days: ReportedDays, late_hours: int) -> list[NoShowRow]:
    """What became of appointments; late is fewer than so many hours before the start."""
    cursor = pg.cursor(row_factory=named(NoShowRow))
    await cursor.execute(_NO_SHOWS, {**days._asdict(), "late_hours": late_hours})
    return await cursor.fetchall()


async def statuses(pg: Connection, clinic_id: str, day: date) -> Sequence[StatusRow]:
    """How many appointments of a clinic's day have each status."""
    cursor = pg.cursor(row_factory=named(StatusRow))
    await cursor.execute(_STATUSES, {"clinic_id": clinic_id, "date": day})
    return await cursor.fetchall()
