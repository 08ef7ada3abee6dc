"""Rows on their way to an archive and back: whole, as JSON, whatever columns they have."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from psycopg.rows import args_row

from db.postgres.engines import Connection


class Row(NamedTuple):
    """A row of a table, as PostgreSQL writes it in JSON."""

    table: str
    content: str


class Place(NamedTuple):
    """An appointment, in the order in which they leave."""

    date: date
    start_at: datetime
    id: str


_DUE_RECORDS = """
SELECT id FROM records WHERE clinic_id = %(clinic_id)s AND updated_at < %(before)s
ORDER BY updated_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""
# A session may run over midnight, and a clinic's date be ahead of that of the instant: two days are on the safe side.
_DUE_APPOINTMENTS = """
SELECT date, start_at, id FROM appointments a
WHERE clinic_id = %(clinic_id)s AND date < %(before)s::date - 2
    AND (date, start_at, id) > (%(after_date)s::date, %(after_start)s::timestamptz, %(after_id)s::uuid)
    AND status IN ('completed', 'cancelled', 'expired', 'no_show') AND updated_at < %(settled)s
    AND NOT EXISTS (SELECT FROM records WHERE appointment_id = a.id)
    AND NOT EXISTS (
        SELECT FROM notifications WHERE appointment_id = a.id AND status IN ('planned', 'waiting', 'sending'))
ORDER BY date, start_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""


def _rows(*parts: tuple[str, str]) -> str:
    return " UNION ALL ".join(f"SELECT '{table}', to_jsonb(t)::text FROM {table} t WHERE {of}" for table, of in parts)


_KEYS_OF_RECORDS = """(patient_id, year) IN (
    SELECT r.patient_id, v.year FROM records r JOIN record_versions v ON v.record_id = r.id
    WHERE r.id = ANY(%(ids)s::uuid[]))"""
_RECORD_ROWS = _rows(
    ("records", "id = ANY(%(ids)s::uuid[])"),
    ("record_versions", "record_id = ANY(%(ids)s::uuid[])"),
    ("record_identifiers", "record_id = ANY(%(ids)s::uuid[])"),
    ("record_data_keys", _KEYS_OF_RECORDS),
)
_APPOINTMENT_ROWS = _rows(
    ("appointments", "id = ANY(%(ids)s::uuid[])"),
    ("appointment_events", "appointment_id = ANY(%(ids)s::uuid[])"),
    ("appointment_identifiers", "appointment_id = ANY(%(ids)s::uuid[])"),
    ("notifications", "appointment_id = ANY(%(ids)s::uuid[])"),
)
_BY_RECORD = ("record_versions", "record_identifiers")
_BY_APPOINTMENT = ("appointment_events", "appointment_identifiers", "notifications")
_ORDER = ("appointments", *_BY_APPOINTMENT, "records", "record_data_keys", *_BY_RECORD)
"""Tables, those first that others refer to."""


async def due_records(pg: Connection, clinic_id: str, before: datetime, limit: int) -> list[str]:
    """Lock records of a clinic that were last amended before an instant, the oldest first."""
    values = {"clinic_id": clinic_id, "before": before, "limit": limit}
    return [row[0] for row in await (await pg.execute(_DUE_RECORDS, values)).fetchall()]


async def due_appointments(
    pg: Connection, clinic_id: str, before: datetime, settled: datetime, after: Place, limit: int
) -> list[Place]:
    """Lock appointments of a clinic that ended before an instant, by date.

    They have not changed since `settled`, and neither a record nor a notice that is still to be sent refers to them.
    """
    cursor = pg.cursor(row_factory=args_row(Place))
    await cursor.execute(
        _DUE_APPOINTMENTS,
        {
            "clinic_id": clinic_id,
            "before": before,
            "settled": settled,
            "after_date": after.date,
            "after_start": after.start_at,
            "after_id": after.id,
            "limit": limit,
        },
    )
    return await cursor.fetchall()


async def record_rows(pg: Connection, ids: Sequence[str]) -> list[Row]:
    """All rows of records: texts stay sealed, with the wrapped keys that they were sealed with."""
    cursor = pg.cursor(row_factory=args_row(Row))
    return await (await cursor.execute(_RECORD_ROWS, {"ids": list(ids)})).fetchall()


async def appointment_rows(pg: Connection, ids: Sequence[str]) -> list[Row]:
    """All rows of appointments: their history, the names that other systems give them, their notices."""
    cursor = pg.cursor(row_factory=args_row(Row))
    return await (await cursor.execute(_APPOINTMENT_ROWS, {"ids": list(ids)})).fetchall()


async def remove_records(pg: Connection, ids: Sequence[str]) -> None:
    """Remove records; the keys stay, since others may be sealed with them."""
    await pg.execute("SET LOCAL yoyaku.retention = 'on'")
    for table in _BY_RECORD:
        await pg.execute(f"DELETE FROM {table} WHERE record_id = ANY(%(ids)s::uuid[])", {"ids": list(ids)})
    await pg.execute("DELETE FROM records WHERE id = ANY(%(ids)s::uuid[])", {"ids": list(ids)})


async def remove_appointments(pg: Connection, ids: Sequence[str]) -> None:
    """Remove appointments."""
    for table in _BY_APPOINTMENT:
        await pg.execute(f"DELETE FROM {table} WHERE appointment_id = ANY(%(ids)s::uuid[])", {"ids": list(ids)})
    await pg.execute("DELETE FROM appointments WHERE id = ANY(%(ids)s::uuid[])", {"ids": list(ids)})


async def put_back(pg: Connection, rows: Sequence[Row]) -> int:
    """Add rows that are not there; how many (ConstraintViolated if what they refer to is not there)."""
    added = 0
    for table in _ORDER:
        contents = [row.content for row in rows if row.table == table]
        sent = await pg.execute(
            f"WITH added AS (INSERT INTO {table} OVERRIDING SYSTEM VALUE"
            f" SELECT (jsonb_populate_record(NULL::{table}, content::jsonb)).*"
            " FROM unnest(%(contents)s::text[]) AS archived (content) ON CONFLICT DO NOTHING RETURNING 1)"
            " SELECT count(*) FROM added",
            {"contents": contents},
        )
        added += (await sent.fetchone() or (0,))[0]
    return added
