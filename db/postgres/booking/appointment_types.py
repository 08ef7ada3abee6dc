"""Types of appointment."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

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


_SELECT = f"SELECT {', '.join(AppointmentTypeRow._fields)} FROM appointment_types "
_GET = _SELECT + "WHERE id = %(type_id)s"
_LOCK = _SELECT + "WHERE id = %(type_id)s FOR NO KEY UPDATE"
_OF_APPOINTMENT = _SELECT + "WHERE id = (SELECT type_id FROM appointments WHERE id = %(id)s)"
_OF_CLINIC = _SELECT + "WHERE clinic_id = %(clinic_id)s ORDER BY name, id"
_INSERT = sql(insert(appointment_types).values({column.name: bindparam(column.name) for column in appointment_types.c}))
_UPDATE = """
UPDATE appointment_types SET name = %(name)s, name_ja = %(name_ja)s, minutes = %(minutes)s,
    buffer_minutes = %(buffer_minutes)s, staff_only = %(staff_only)s, audience = %(audience)s, active = %(active)s,
    version = version + 1, updated_at = %(now)s
WHERE id = %(id)s
"""


async def get(pg: Connection, type_id: str) -> Sent[AppointmentTypeRow]:
    """One type, if the id exists."""
    cursor = pg.cursor(row_factory=named(AppointmentTypeRow))
    return await cursor.execute(_GET, {"type_id": type_id})


async def lock(pg: Connection, type_id: str) -> Sent[AppointmentTypeRow]:
    """One type, if the id exists; nobody else can change it until the transaction ends."""
    cursor = pg.cursor(row_factory=named(AppointmentTypeRow))
    return await cursor.execute(_LOCK, {"type_id": type_id})


async def of_appointment(pg: Connection, appointment_id: str) -> Sent[AppointmentTypeRow]:
    """The type of an appointment, if it has one."""
    cursor = pg.cursor(row_factory=named(AppointmentTypeRow))
    return await cursor.execute(_OF_APPOINTMENT, {"id": appointment_id})


async def of_clinic(pg: Connection, clinic_id: str) -> Sequence[AppointmentTypeRow]:
    """The types of a clinic, by name."""
    cursor = pg.cursor(row_factory=args_row(AppointmentTypeRow))
    return await (await cursor.execute(_OF_CLINIC, {"clinic_id": clinic_id})).fetchall()


async def add(pg: Connection, row: AppointmentTypeRow, now: datetime) -> None:
    """Add a type (ConstraintViolated: the clinic is unknown, or has a type of that name)."""
    await pg.execute(_INSERT, {**row._asdict(), "created_at": now, "updated_at": now})


async def put(pg: Connection, row: AppointmentTypeRow, now: datetime) -> None:
    """Store a changed type (ConstraintViolated: the clinic has another of that name)."""
    await pg.execute(_UPDATE, {**row._asdict(), "now": now})
