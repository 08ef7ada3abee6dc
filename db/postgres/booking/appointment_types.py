"""Types of appointment."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.rows import args_row
from sqlalchemy import bindparam, insert

from db.postgres.cluster.engines import Connection, Sent
from db.postgres.driver.pipeline import named
from db.postgres.driver.statements import sql
from db.postgres.tables import appointment_types


class AppointmentTypeRow(NamedTuple):
    """A type of appointment at a clinic."""

    id: str
    clinic_id: str
    name: str
    name_ja: str
    minutes: int
    buffer_minutes: int
    staff_only: bool
    audience: str
    active: bool
    version: int = 1
    resource_kinds: Sequence[str] = ()


class UsedResourceRow(NamedTuple):
    """A resource in use, and what occupies it, by start.

    (appointment_id, start, end, held_until or None), as seconds.
    """

    id: str
    kind: str
    name: str
    occupied: Sequence[tuple[str, float, float, float | None]] | None


class UsedTypeRow(NamedTuple):
    """A type, and the resources of its kinds with what occupies them in a period."""

    type: AppointmentTypeRow
    resources: Sequence[UsedResourceRow]


_SELECT = f"SELECT {', '.join(AppointmentTypeRow._fields)} FROM appointment_types "
_GET = f"""
SELECT (SELECT json_agg(json_build_array(r.id, r.kind, r.name, (
        SELECT json_agg(json_build_array(o.appointment_id, extract(epoch FROM lower(o.during)),
            extract(epoch FROM upper(o.during)), extract(epoch FROM a.held_until)) ORDER BY lower(o.during))
        FROM appointment_resources o JOIN appointments a ON a.id = o.appointment_id
        WHERE o.resource_id = r.id AND o.active AND o.during && %(period)s::tstzrange)) ORDER BY r.name, r.id)
    FROM resources r WHERE r.clinic_id = t.clinic_id AND r.kind = ANY(t.resource_kinds) AND r.active),
    {", ".join(f"t.{field}" for field in AppointmentTypeRow._fields)}
FROM appointment_types t WHERE id = %(type_id)s
"""
_LOCK = _SELECT + "WHERE id = %(type_id)s FOR NO KEY UPDATE"
_OF_CLINIC = _SELECT + "WHERE clinic_id = %(clinic_id)s ORDER BY name, id"
_NAMES_AT = """
SELECT clinic_id, name, id FROM appointment_types WHERE clinic_id = ANY(%(clinic_ids)s::uuid[]) AND active
UNION ALL
SELECT clinic_id, name_ja, id FROM appointment_types
WHERE clinic_id = ANY(%(clinic_ids)s::uuid[]) AND active AND name_ja <> ''
"""
_LOCK_CLINIC = "SELECT FROM clinics WHERE id = %(clinic_id)s FOR NO KEY UPDATE"
_NUMBER = "SELECT count(*) FROM appointment_types WHERE clinic_id = %(clinic_id)s"
_INSERT = sql(insert(appointment_types).values({column.name: bindparam(column.name) for column in appointment_types.c}))
_UPDATE = """
UPDATE appointment_types SET name = %(name)s, name_ja = %(name_ja)s, minutes = %(minutes)s,
    buffer_minutes = %(buffer_minutes)s, staff_only = %(staff_only)s, audience = %(audience)s, active = %(active)s,
    resource_kinds = %(resource_kinds)s,
    version = version + 1, updated_at = %(now)s
WHERE id = %(id)s
"""


async def get(pg: Connection, type_id: str, period: str) -> Sent[UsedTypeRow]:
    """One type, if the id exists, with what occupies its resources in a period (tstzrange)."""
    cursor = pg.cursor(row_factory=args_row(_used_type))
    return await cursor.execute(_GET, {"type_id": type_id, "period": period})


async def lock(pg: Connection, type_id: str) -> Sent[AppointmentTypeRow]:
    """One type, if the id exists; nobody else can change it until the transaction ends."""
    cursor = pg.cursor(row_factory=named(AppointmentTypeRow))
    return await cursor.execute(_LOCK, {"type_id": type_id})


async def of_clinic(pg: Connection, clinic_id: str) -> Sequence[AppointmentTypeRow]:
    """The types of a clinic, by name."""
    cursor = pg.cursor(row_factory=named(AppointmentTypeRow))
    return await (await cursor.execute(_OF_CLINIC, {"clinic_id": clinic_id})).fetchall()


async def names_at(pg: Connection, clinic_ids: Iterable[str]) -> list[tuple[str, str, str]]:
    """(clinic_id, name, id) of the types that clinics offer; one with two names is there twice."""
    cursor = await pg.execute(_NAMES_AT, {"clinic_ids": list(clinic_ids)})
    return await cursor.fetchall()


async def number_at(pg: Connection, clinic_id: str) -> int:
    """How many types a clinic has; nobody else adds one until the transaction ends."""
    await pg.execute(_LOCK_CLINIC, {"clinic_id": clinic_id})
    found = await (await pg.execute(_NUMBER, {"clinic_id": clinic_id})).fetchone()
    return int(found[0]) if found else 0


async def add(pg: Connection, row: AppointmentTypeRow, now: datetime) -> None:
    """Add a type (ConstraintViolated: the clinic is unknown, or has a type of that name)."""
    await pg.execute(_INSERT, {**_values(row), "created_at": now, "updated_at": now})


async def put(pg: Connection, row: AppointmentTypeRow, now: datetime) -> None:
    """Store a changed type (ConstraintViolated: the clinic has another of that name)."""
    await pg.execute(_UPDATE, {**_values(row), "now": now})


def _used_type(found: list[list[Any]] | None, *columns: Any) -> UsedTypeRow:  # typed by the rows
    return UsedTypeRow(AppointmentTypeRow(*columns), [UsedResourceRow(*each) for each in found or ()])


def _values(row: AppointmentTypeRow) -> dict[str, Any]:
    return {**row._asdict(), "resource_kinds": list(row.resource_kinds)}
