"""Clinics."""

from collections.abc import Mapping, Sequence
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


class ClinicContactRow(NamedTuple):
    """How a clinic is called and reached."""

    id: str
    name: str
    address: str
    phone: str
    untouched: bool
    """Whether it has not changed since it was added."""


_INSERT = sql(insert(clinics).values({column.name: bindparam(column.name) for column in clinics.c}))
_PAGE = f"""
SELECT {", ".join(ClinicRow._fields)} FROM clinics
WHERE (name COLLATE "C", id) > (coalesce((SELECT name FROM clinics WHERE id = %(after_id)s), ''), %(after_id)s)
ORDER BY name COLLATE "C", id LIMIT %(limit)s
"""
_COUNT = "SELECT count(*) FROM clinics WHERE id = ANY(%(clinic_ids)s::uuid[])"

_LOCK_CONTACTS = """
SELECT id, name, address, phone, updated_at = created_at FROM clinics WHERE id = ANY(%(ids)s::uuid[]) ORDER BY id
FOR NO KEY UPDATE
"""
_SET_CONTACT = """
UPDATE clinics SET name = coalesce(%(name)s, name), address = coalesce(%(address)s, address),
    phone = coalesce(%(phone)s, phone), updated_at = %(now)s
WHERE id = %(id)s
"""


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


async def lock_contacts(pg: Connection, clinic_ids: Sequence[str]) -> list[ClinicContactRow]:
    """How clinics are called and reached; nobody else can change that until the transaction ends."""
    cursor = pg.cursor(row_factory=args_row(ClinicContactRow))
    await cursor.execute(_LOCK_CONTACTS, {"ids": clinic_ids})
    return await cursor.fetchall()


async def set_contact(pg: Connection, clinic_id: str, contact: Mapping[str, str], now: datetime) -> None:
    """Store the name, address and phone of a clinic, as far as they are given."""
    await pg.execute(
        _SET_CONTACT, {"name": None, "address": None, "phone": None, **contact, "id": clinic_id, "now": now}
    )
