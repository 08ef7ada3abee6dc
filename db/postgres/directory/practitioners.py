"""Practitioners: people, who may be doctors of several clinics."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, insert

from db.postgres.cluster.engines import Connection
from db.postgres.driver.pipeline import named
from db.postgres.driver.statements import sql
from db.postgres.tables import ACTIVE, practitioners


class PractitionerRow(NamedTuple):
    """A practitioner."""

    id: str
    name: str
    is_retired: bool
    """Whether there are doctors and none of them is active."""
    untouched: bool
    """Whether nothing has changed since the practitioner was added."""


_ADD = sql(insert(practitioners).values({column.name: bindparam(column.name) for column in practitioners.c}))


_CLINICS_OF = f"""
SELECT clinic_id FROM doctors WHERE practitioner_id = %(practitioner_id)s AND (active OR id IN (
    SELECT doctor_id FROM appointments
    WHERE practitioner_id = %(practitioner_id)s AND during && tstzrange(%(now)s, NULL) AND {ACTIVE}))
ORDER BY clinic_id
"""


# Adding a doctor of the same practitioner waits for this lock too, because of its foreign key.
_LOCK = "SELECT FROM practitioners WHERE id = %(practitioner_id)s FOR UPDATE"


_LOCK_ALL = """
SELECT id, name,
    EXISTS (SELECT FROM doctors WHERE practitioner_id = practitioners.id)
        AND NOT EXISTS (SELECT FROM doctors WHERE practitioner_id = practitioners.id AND active),
    updated_at = created_at
FROM practitioners WHERE id = ANY(%(ids)s::uuid[]) ORDER BY id FOR UPDATE
"""


_RENAME = """
WITH renamed AS (
    UPDATE practitioners SET name = %(name)s, updated_at = %(now)s WHERE id = %(practitioner_id)s RETURNING id)
UPDATE doctors SET version = version + 1, updated_at = %(now)s FROM renamed WHERE practitioner_id = renamed.id
"""


_DOCTORS = "SELECT id FROM doctors WHERE practitioner_id = ANY(%(ids)s::uuid[]) ORDER BY id"
_ACTIVE_DOCTORS = "SELECT id FROM doctors WHERE practitioner_id = %(practitioner_id)s AND active ORDER BY id"


async def add(pg: Connection, practitioner_id: str, name: str, now: datetime) -> None:
    """Add a practitioner."""
    await pg.execute(_ADD, {"id": practitioner_id, "name": name, "created_at": now, "updated_at": now})


async def clinics_of(pg: Connection, practitioner_id: str, now: datetime) -> list[str]:
    """The clinics where a practitioner works: takes bookings, or has appointments that are not over."""
    cursor = await pg.execute(_CLINICS_OF, {"practitioner_id": practitioner_id, "now": now})
    return [row[0] for row in await cursor.fetchall()]


async def lock(pg: Connection, practitioner_id: str) -> None:
    """Keep others from changing any doctor of the practitioner until the transaction ends."""
    await pg.execute(_LOCK, {"practitioner_id": practitioner_id})


async def lock_all(pg: Connection, practitioner_ids: Sequence[str]) -> list[PractitionerRow]:
    """Practitioners; nobody else can change them or their doctors until the transaction ends."""
    cursor = pg.cursor(row_factory=named(PractitionerRow))
    await cursor.execute(_LOCK_ALL, {"ids": practitioner_ids})
    return await cursor.fetchall()


async def rename(pg: Connection, practitioner_id: str, name: str, now: datetime) -> None:
    """Store the name of a practitioner; all the practitioner's doctors get their next version."""
    await pg.execute(_RENAME, {"practitioner_id": practitioner_id, "name": name, "now": now})


async def doctors(pg: Connection, practitioner_ids: Sequence[str]) -> list[str]:
    """The doctors of practitioners, active or not, by id."""
    cursor = await pg.execute(_DOCTORS, {"ids": list(practitioner_ids)})
    return [row[0] for row in await cursor.fetchall()]


async def active_doctors(pg: Connection, practitioner_id: str) -> list[str]:
    """The active doctors of a practitioner, by id."""
    cursor = await pg.execute(_ACTIVE_DOCTORS, {"practitioner_id": practitioner_id})
    return [row[0] for row in await cursor.fetchall()]
