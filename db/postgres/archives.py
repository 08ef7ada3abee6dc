"""Rows that move to an archive and back: whole rows as JSON, whatever their columns."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from psycopg.sql import SQL, Identifier

from db.postgres.cluster.engines import Connection
from db.postgres.driver.pipeline import named


class Row(NamedTuple):
    """A row of a table as the JSON that PostgreSQL makes of it."""

    table: str
    content: str


class ArchivePosition(NamedTuple):
    """A position in the order in which appointments are archived."""

    date: date
    start_at: datetime
    id: str


_DUE_RECORDS = """
SELECT id FROM records WHERE clinic_id = %(clinic_id)s AND updated_at < %(before)s
ORDER BY updated_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""
# A session may run past midnight, and a clinic's date may be ahead of the UTC date: two days cover both.
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


def _removal(key: str, tables: Sequence[str], also: str = "") -> str:
    """SQL that deletes rows and returns them as Row, so that exactly the deleted rows get into the archive."""
    gone = ", ".join(
        f"gone_{table} AS (DELETE FROM {table} t WHERE {'id' if table == tables[0] else key} = ANY(%(ids)s::uuid[])"
        " RETURNING to_jsonb(t)::text AS content)"
        for table in tables
    )
    return f"WITH {gone} " + " UNION ALL ".join(f"SELECT '{each}', content FROM gone_{each}" for each in tables) + also


_KEYS = """
UNION ALL SELECT 'record_data_keys', to_jsonb(k)::text FROM record_data_keys k WHERE (patient_id, year) IN (
    SELECT r.patient_id, v.year FROM records r JOIN record_versions v ON v.record_id = r.id
    WHERE r.id = ANY(%(ids)s::uuid[]))
"""
_BY_RECORD = ("record_versions", "record_identifiers")
_BY_APPOINTMENT = ("appointment_events", "appointment_identifiers", "appointment_resources", "notifications")
_TAKE_RECORDS = _removal("record_id", ("records", *_BY_RECORD), _KEYS)
_TAKE_APPOINTMENTS = _removal("appointment_id", ("appointments", *_BY_APPOINTMENT))
ORDER = ("appointments", *_BY_APPOINTMENT, "records", "record_data_keys", *_BY_RECORD)
"""Tables, each after those that it refers to."""
_COLUMNS = """
SELECT relname, array_agg(attname::text) FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
WHERE c.oid = ANY(%(tables)s::text[]::regclass[]) AND attnum > 0 AND NOT attisdropped GROUP BY relname
"""


async def due_records(pg: Connection, clinic_id: str, before: datetime, limit: int) -> list[str]:
    """Lock the oldest records of a clinic that were last amended before an instant, oldest first."""
    values = {"clinic_id": clinic_id, "before": before, "limit": limit}
    return [row[0] for row in await (await pg.execute(_DUE_RECORDS, values)).fetchall()]


async def due_appointments(
    pg: Connection, clinic_id: str, before: datetime, settled: datetime, after: ArchivePosition, limit: int
) -> list[ArchivePosition]:
    """Lock appointments of a clinic that ended before an instant, by date.

    They have not changed since `settled`, and no record or unsent notice refers to them.
    """
    cursor = pg.cursor(row_factory=named(ArchivePosition))
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


async def take_records(pg: Connection, ids: Sequence[str]) -> list[Row]:
    """Delete records; returns their rows, with texts still encrypted and copies of the wrapped keys of these texts.

    The keys stay in the database, since other texts may be encrypted with them.
    """
    await pg.execute("SET LOCAL yoyaku.retention = 'on'")
    cursor = pg.cursor(row_factory=named(Row))
    return await (await cursor.execute(_TAKE_RECORDS, {"ids": list(ids)})).fetchall()


async def take_appointments(pg: Connection, ids: Sequence[str]) -> list[Row]:
    """Delete appointments; returns their rows with those of their history, identifiers and notices."""
    cursor = pg.cursor(row_factory=named(Row))
    return await (await cursor.execute(_TAKE_APPOINTMENTS, {"ids": list(ids)})).fetchall()


async def columns(pg: Connection) -> dict[str, set[str]]:
    """The columns of each table that is archived."""
    cursor = await pg.execute(_COLUMNS, {"tables": list(ORDER)})
    return {table: set(names) for table, names in await cursor.fetchall()}


async def put_back(pg: Connection, table: str, names: Sequence[str], contents: Sequence[str]) -> int:
    """Add the rows that are missing, which have these columns; how many were added.

    Other columns get their defaults. ConstraintViolated if a row that one refers to is missing.
    """
    statement = SQL(
        "WITH added AS (INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE SELECT {names}"
        " FROM unnest(%(contents)s::text[]) AS archived (content), jsonb_populate_record(NULL::{table}, content::jsonb)"
        " ON CONFLICT DO NOTHING RETURNING 1) SELECT count(*) FROM added"
    ).format(table=Identifier(table), names=SQL(", ").join(map(Identifier, names)))
    sent = await pg.execute(statement.as_string(), {"contents": list(contents)})
    return int((await sent.fetchone() or (0,))[0])
