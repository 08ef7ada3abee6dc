"""Working hours of doctors."""

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple

from psycopg.rows import args_row
from sqlalchemy import bindparam, delete, insert, update

from db.postgres.booking.days import DayRow
from db.postgres.cluster.engines import Connection, Sent
from db.postgres.driver.pipeline import named
from db.postgres.driver.statements import sql
from db.postgres.tables import ACTIVE, NO_ALTERNATIVE, doctors, working_hours, working_sessions

_REMEMBERED_HOURS = 1_000
LARGEST_HOURS = 16_384
"""Working hours of up to so many characters are cached; they hold a hundred sessions or more."""

_DELETE = sql(
    delete(working_hours).where(
        working_hours.c.doctor_id == bindparam("doctor_id"), working_hours.c.valid_from == bindparam("valid_from")
    )
)
_DELETE_ALL = sql(delete(working_hours).where(working_hours.c.doctor_id == bindparam("doctor_id")))
_ADD = sql(insert(working_hours).values({name: bindparam(name) for name in ("doctor_id", "valid_from")}))
_ADD_SESSION = sql(
    insert(working_sessions).values({column.name: bindparam(column.name) for column in working_sessions.c})
)
_NEW_VERSION = sql(
    update(doctors)
    .where(doctors.c.id == bindparam("doctor_id"))
    .values(hours_version=doctors.c.hours_version + bindparam("one"))
    .returning(doctors.c.hours_version)
)

_PUT_EXTRA = "UPDATE doctors SET extra_sessions = %(sessions)s::text::jsonb WHERE id = %(doctor_id)s"
_APPOINTMENTS_AHEAD = f"""
SELECT a.id, a.date, a.start_at, a.end_at, a.status, upper(a.during), a.patient_id, p.name
FROM appointments a JOIN patients p ON p.id = a.patient_id
WHERE a.doctor_id = %(doctor_id)s AND a.date >= %(first)s AND a.end_at > %(now)s AND a.{ACTIVE}
    AND {NO_ALTERNATIVE}
ORDER BY a.date, a.start_at, a.id
"""
_KEEP = "SELECT FROM doctors WHERE id = %(doctor_id)s FOR SHARE"

# Locks days of doctors in order, and raises the revision of each.
_RAISE_ALL = """
INSERT INTO schedule_days (doctor_id, date, revision, changed_at)
SELECT doctor_id, day, 1, %(now)s
FROM unnest(%(doctor_ids)s::uuid[]) AS doctor (doctor_id), unnest(%(dates)s::date[]) AS day
ORDER BY doctor_id, day
ON CONFLICT (doctor_id, date) DO UPDATE SET revision = schedule_days.revision + 1, changed_at = excluded.changed_at
RETURNING doctor_id, date, revision
"""


class BookedRow(NamedTuple):
    """When an appointment is, and whose."""

    id: str
    date: date
    start_at: datetime
    end_at: datetime
    status: str
    busy_until: datetime
    patient_id: str
    patient_name: str
    outcome: str = ""
    """`kept` or `cancelled`; empty if nothing was to be done."""
    offer: str | None = None
    """`waiting` if the patient is to be offered a move."""


class ExtraSessionRow(NamedTuple):
    """A session on a single date."""

    date: date
    start_local: time
    end_local: time
    slot_minutes: int
    capacity: int


class SessionRow(NamedTuple):
    """A weekly session of a set of working hours; `weekday` is None for a set without sessions."""

    valid_from: date
    weekday: int | None
    start_local: time
    end_local: time
    slot_minutes: int
    capacity: int


def dates(first: date, last: date) -> list[date]:
    """Every date from the first to the last."""
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]


# A day that has never changed gets a row to lock, with the revision that a day without one has.
_LOCK_DAY_OF = """
INSERT INTO schedule_days AS day (doctor_id, date, revision, changed_at)
SELECT doctor_id, date, 0, 'epoch' FROM appointments WHERE id = %(id)s
ON CONFLICT (doctor_id, date) DO UPDATE SET revision = day.revision
RETURNING doctor_id, date
"""
_DAY_OF = "SELECT doctor_id, date FROM appointments WHERE id = %(id)s"


async def lock_day_of(pg: Connection, appointment_id: str) -> bool:
    """Lock the day of an appointment, but leave its revision; False if the appointment moved to another meanwhile."""
    sent_locked = await pg.execute(_LOCK_DAY_OF, {"id": appointment_id})
    sent_day = await pg.execute(_DAY_OF, {"id": appointment_id})
    return await sent_locked.fetchone() == await sent_day.fetchone()


async def raise_revisions(
    pg: Connection, doctor_ids: Iterable[str], dates: Iterable[date], now: datetime
) -> list[DayRow]:
    """Lock each of these days of each doctor in sorted order, and add one to its revision."""
    cursor = pg.cursor(row_factory=named(DayRow))
    await cursor.execute(_RAISE_ALL, {"doctor_ids": list(doctor_ids), "dates": list(dates), "now": now})
    return await cursor.fetchall()


async def appointments_ahead(pg: Connection, doctor_id: str, first: date, now: datetime) -> list[BookedRow]:
    """The active appointments of a doctor from a day on that are not over, by start."""
    cursor = pg.cursor(row_factory=args_row(BookedRow))
    await cursor.execute(_APPOINTMENTS_AHEAD, {"doctor_id": doctor_id, "first": first, "now": now})
    return await cursor.fetchall()


async def keep(pg: Connection, doctor_id: str) -> None:
    """Keep a doctor's working hours as they are until the transaction ends: for a day beyond the clinic's horizon.

    Up to the horizon the lock of the day does that, since new hours raise the revision of each day that they touch.
    """
    await pg.execute(_KEEP, {"doctor_id": doctor_id})


async def put(pg: Connection, doctor_id: str, valid_from: date, sessions: Iterable[SessionRow]) -> None:
    """Replace the sessions of a doctor that apply from `valid_from` on."""
    key = {"doctor_id": doctor_id, "valid_from": valid_from}
    await pg.execute(_DELETE, key)
    await pg.execute(_ADD, key)
    for session in sessions:
        await pg.execute(_ADD_SESSION, {**session._asdict(), "doctor_id": doctor_id})


async def put_extra(pg: Connection, doctor_id: str, sessions: Iterable[ExtraSessionRow]) -> None:
    """Replace all sessions of a doctor on single dates; the doctor must be locked."""
    written = json.dumps(
        [
            (f"{each.date}", f"{each.start_local:%H:%M}", f"{each.end_local:%H:%M}", each.slot_minutes, each.capacity)
            for each in sorted(sessions)
        ]
    )
    await pg.execute(_PUT_EXTRA, {"doctor_id": doctor_id, "sessions": written})


def extra_sessions(written: str) -> list[ExtraSessionRow]:
    """The sessions of a doctor on single dates, by start."""
    return [
        ExtraSessionRow(date.fromisoformat(day), time.fromisoformat(start), time.fromisoformat(end), minutes, capacity)
        for day, start, end, minutes, capacity in json.loads(written)
    ]


async def remove(pg: Connection, doctor_id: str, valid_from: date) -> None:
    """Remove the sessions of a doctor that apply from `valid_from` on: those of before apply instead."""
    await pg.execute(_DELETE, {"doctor_id": doctor_id, "valid_from": valid_from})


async def clear(pg: Connection, doctor_id: str) -> None:
    """Remove all working hours of a doctor."""
    await pg.execute(_DELETE_ALL, {"doctor_id": doctor_id})


async def raise_version(pg: Connection, doctor_id: str) -> Sent[tuple[int]]:
    """Lock a doctor against other changes of working hours and raise their version; the new version."""
    return await pg.execute(_NEW_VERSION, {"doctor_id": doctor_id, "one": 1})


def sessions(hours: str) -> Sequence[SessionRow]:
    """The weekly sessions of all working hours."""
    return (_known_sessions if len(hours) <= LARGEST_HOURS else _sessions)(hours)


def by_day(hours: str) -> dict[date, list[SessionRow]]:
    """The weekly sessions that apply from each of some days on."""
    found: dict[date, list[SessionRow]] = {}
    for row in sessions(hours):
        found.setdefault(row.valid_from, []).extend([row] if row.weekday is not None else [])
    return found


def _sessions(hours: str) -> Sequence[SessionRow]:
    return tuple(_session_row(*row) for row in json.loads(hours))


_known_sessions = lru_cache(maxsize=_REMEMBERED_HOURS)(_sessions)


def _session_row(
    valid_from: str, weekday: int | None, start: str | None, end: str | None, slot_minutes: int, capacity: int
) -> SessionRow:
    return SessionRow(
        date.fromisoformat(valid_from),
        weekday,
        time.fromisoformat(start or "00:00"),
        time.fromisoformat(end or "00:00"),
        slot_minutes,
        capacity,
    )
