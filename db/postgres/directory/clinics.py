"""Clinics."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from psycopg.rows import args_row
from sqlalchemy import bindparam, insert

from db.postgres.cluster.engines import Connection
from db.postgres.driver.statements import sql
from db.postgres.tables import clinics


class ClinicRow(NamedTuple):
    """A clinic and its booking policy."""

    id: str
    name: str
    time_zone: str
    horizon_days: int
    min_notice_minutes: int
    cancel_by_minutes: int
    max_per_patient_day: int
    buffer_minutes: int
    address: str = ""
    """In one line; empty if unknown."""
    phone: str = ""
    """In E.164 form; empty if unknown."""


_INSERT = sql(insert(clinics).values({column.name: bindparam(column.name) for column in clinics.c}))
_PAGE = f"""
SELECT {", ".join(ClinicRow._fields)} FROM clinics
WHERE (name COLLATE "C", id) > (coalesce((SELECT name FROM clinics WHERE id = %(after_id)s), ''), %(after_id)s)
ORDER BY name COLLATE "C", id LIMIT %(limit)s
"""
_COUNT = "SELECT count(*) FROM clinics WHERE id = ANY(%(clinic_ids)s::uuid[])"


async def add(pg: Connection, clinic: ClinicRow, now: datetime) -> None:
    """Add a clinic."""
    await pg.execute(_INSERT, {**clinic._asdict(), "created_at": now, "updated_at": now})


async def page(pg: Connection, after_id: str, limit: int) -> list[ClinicRow]:
    """Clinics by (name, id), starting after `after_id`; the nil UUID starts at the first one."""
    cursor = pg.cursor(row_factory=args_row(ClinicRow))
    await cursor.execute(_PAGE, {"after_id": after_id, "limit": limit})
    return await cursor.fetchall()


async def count(pg: Connection, clinic_ids: Sequence[str]) -> int:
    """How many of these clinics exist."""
    found = await (await pg.execute(_COUNT, {"clinic_ids": list(clinic_ids)})).fetchone()
    return int(found[0]) if found else 0
