"""Rooms and devices, and the appointments that occupy them."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, insert

from db.postgres.booking.appointment_types import UsedResourceRow
from db.postgres.cluster.engines import Connection, Sent
from db.postgres.driver.pipeline import named
from db.postgres.driver.statements import sql
from db.postgres.tables import resources


class ResourceRow(NamedTuple):
    """A room or a device of a clinic; those of a kind are interchangeable."""

    id: str
    clinic_id: str
    kind: str
    name: str
    active: bool
    version: int = 1


_SELECT = f"SELECT {', '.join(ResourceRow._fields)} FROM resources "
_LOCK = _SELECT + "WHERE id = %(resource_id)s FOR NO KEY UPDATE"
_OF_CLINIC = _SELECT + "WHERE clinic_id = %(clinic_id)s ORDER BY kind, name, id"
_LOCK_CLINIC = "SELECT FROM clinics WHERE id = %(clinic_id)s FOR NO KEY UPDATE"
_NUMBER = "SELECT count(*) FROM resources WHERE clinic_id = %(clinic_id)s"
_INSERT = sql(insert(resources).values({column.name: bindparam(column.name) for column in resources.c}))
_UPDATE = """
UPDATE resources SET name = %(name)s, active = %(active)s, version = version + 1, updated_at = %(now)s WHERE id = %(id)s
"""
_LOCK_KINDS = """
SELECT id FROM resources WHERE clinic_id = %(clinic_id)s AND kind = ANY(%(kinds)s::text[]) ORDER BY id
FOR NO KEY UPDATE
"""
_TOUCH = "UPDATE appointments SET version = version + 1, updated_at = %(now)s WHERE id = %(id)s"
_LEAVE = "DELETE FROM appointment_resources WHERE appointment_id = ANY(%(ids)s::uuid[])"
_TAKE = """
INSERT INTO appointment_resources (appointment_id, resource_id, during, active)
SELECT a.id, resource_id, a.during, true FROM appointments a, unnest(%(resource_ids)s::uuid[]) AS wanted (resource_id)
WHERE a.id = %(id)s
"""
_IN_USE = """
SELECT r.id, r.kind, r.name, (
    SELECT json_agg(json_build_array(o.appointment_id, extract(epoch FROM lower(o.during)),
        extract(epoch FROM upper(o.during)), extract(epoch FROM a.held_until)) ORDER BY lower(o.during))
    FROM appointment_resources o JOIN appointments a ON a.id = o.appointment_id
    WHERE o.resource_id = r.id AND o.active AND o.during && %(period)s::tstzrange)
FROM resources r WHERE r.clinic_id = %(clinic_id)s AND r.kind = %(kind)s AND r.active ORDER BY r.name, r.id
"""
_LEAVE_LAPSED = """
UPDATE appointment_resources o SET active = false
FROM appointment_resources mine, appointments a
WHERE mine.appointment_id = %(id)s AND o.resource_id = mine.resource_id AND o.during && mine.during AND o.active
    AND a.id = o.appointment_id AND a.held_until <= %(now)s
"""


async def of_clinic(pg: Connection, clinic_id: str) -> Sequence[ResourceRow]:
    """The resources of a clinic, by kind and name."""
    cursor = pg.cursor(row_factory=named(ResourceRow))
    return await (await cursor.execute(_OF_CLINIC, {"clinic_id": clinic_id})).fetchall()


async def lock(pg: Connection, resource_id: str) -> Sent[ResourceRow]:
    """One resource, if the id exists; nobody else can change or take it until the transaction ends."""
    cursor = pg.cursor(row_factory=named(ResourceRow))
    return await cursor.execute(_LOCK, {"resource_id": resource_id})


async def lock_kinds(pg: Connection, clinic_id: str, kinds: Sequence[str]) -> None:
    """Lock all resources of these kinds, sorted: nobody else takes one until the transaction ends."""
    await pg.execute(_LOCK_KINDS, {"clinic_id": clinic_id, "kinds": list(kinds)})


async def take(pg: Connection, appointment_id: str, resource_ids: Sequence[str], lapsed: Sequence[str]) -> None:
    """Let an appointment that is stored already occupy these instead of what it did; `lapsed` holds leave theirs."""
    await pg.execute(_LEAVE, {"ids": [appointment_id, *lapsed]})
    await pg.execute(_TAKE, {"id": appointment_id, "resource_ids": list(resource_ids)})


async def swap(
    pg: Connection, appointment_id: str, resource_ids: Sequence[str], lapsed: Sequence[str], now: datetime
) -> None:
    """As `take`, for an appointment that is not changed otherwise: it gets its next version."""
    await pg.execute(_TOUCH, {"id": appointment_id, "now": now})
    await take(pg, appointment_id, resource_ids, lapsed)


async def in_use(pg: Connection, clinic_id: str, kind: str, period: str) -> list[UsedResourceRow]:
    """The resources of a kind that are in use, by name, with what occupies them in a period (tstzrange)."""
    cursor = pg.cursor(row_factory=named(UsedResourceRow))
    await cursor.execute(_IN_USE, {"clinic_id": clinic_id, "kind": kind, "period": period})
    return await cursor.fetchall()


async def leave_lapsed(pg: Connection, appointment_id: str, now: datetime) -> None:
    """Let holds that have run out leave what an appointment occupies, or did."""
    await pg.execute(_LEAVE_LAPSED, {"id": appointment_id, "now": now})


async def number_at(pg: Connection, clinic_id: str) -> int:
    """How many resources a clinic has; nobody else adds one until the transaction ends."""
    await pg.execute(_LOCK_CLINIC, {"clinic_id": clinic_id})
    found = await (await pg.execute(_NUMBER, {"clinic_id": clinic_id})).fetchone()
    return int(found[0]) if found else 0


async def add(pg: Connection, row: ResourceRow, now: datetime) -> None:
    """Add a resource (ConstraintViolated: the clinic is unknown, or has a resource of that name)."""
    await pg.execute(_INSERT, {**row._asdict(), "created_at": now, "updated_at": now})


async def put(pg: Connection, row: ResourceRow, now: datetime) -> None:
    """Store a changed resource (ConstraintViolated: the clinic has another of that name)."""
    await pg.execute(_UPDATE, {**row._asdict(), "now": now})
