"""The keys that encrypt medical records, one for each patient and year, wrapped by a master key."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from db.postgres.cluster.engines import Connection
from db.postgres.driver.pipeline import named


class DataKeyRow(NamedTuple):
    """A wrapped key."""

    patient_id: str
    year: int
    master_key_id: str
    wrapped: bytes


_GET = """
SELECT patient_id, year, master_key_id, wrapped FROM record_data_keys
WHERE patient_id = %(patient_id)s AND year = %(year)s
"""
_ADD = """
INSERT INTO record_data_keys (patient_id, year, master_key_id, wrapped, created_at)
VALUES (%(patient_id)s, %(year)s, %(master_key_id)s, %(wrapped)s, %(now)s)
ON CONFLICT (patient_id, year) DO NOTHING
"""
# Jumps in the index from one master key to the next, so that few master keys cost few steps in a large table.
_MASTERS = """
WITH RECURSIVE used AS (
    (SELECT master_key_id FROM record_data_keys ORDER BY master_key_id LIMIT 1)
    UNION ALL
    SELECT (SELECT master_key_id FROM record_data_keys WHERE master_key_id > used.master_key_id
        ORDER BY master_key_id LIMIT 1)
    FROM used WHERE used.master_key_id IS NOT NULL
)
SELECT master_key_id FROM used WHERE master_key_id IS NOT NULL
"""
_WRAPPED_BY = """
SELECT patient_id, year, master_key_id, wrapped FROM record_data_keys
WHERE master_key_id = %(master_key_id)s ORDER BY patient_id, year LIMIT %(limit)s FOR UPDATE
"""
_REWRAP = """
UPDATE record_data_keys SET master_key_id = %(master_key_id)s, wrapped = %(wrapped)s
WHERE patient_id = %(patient_id)s AND year = %(year)s
"""


async def get(pg: Connection, patient_id: str, year: int) -> DataKeyRow | None:
    """The key of a patient and year, or None."""
    cursor = pg.cursor(row_factory=named(DataKeyRow))
    await cursor.execute(_GET, {"patient_id": patient_id, "year": year})
    return await cursor.fetchone()


async def add(pg: Connection, key: DataKeyRow, now: datetime) -> None:
    """Add a key unless there is one; a separate `get` afterwards returns the key to use."""
    await pg.execute(_ADD, {**key._asdict(), "now": now})


async def master_key_ids(pg: Connection) -> list[str]:
    """The master keys that wrap at least one key."""
    return [row[0] for row in await (await pg.execute(_MASTERS)).fetchall()]


async def wrapped_by(pg: Connection, master_key_id: str, limit: int) -> list[DataKeyRow]:
    """At most `limit` keys that a master key wraps, locked until the transaction ends."""
    cursor = pg.cursor(row_factory=named(DataKeyRow))
    await cursor.execute(_WRAPPED_BY, {"master_key_id": master_key_id, "limit": limit})
    return await cursor.fetchall()


async def rewrap(pg: Connection, keys: Sequence[DataKeyRow]) -> None:
    """Store the new wrapping of keys."""
    for key in keys:
        await pg.execute(_REWRAP, key._asdict())
