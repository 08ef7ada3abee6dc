"""Practitioners, and the doctors that they are at clinics."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ARRAY, bindparam, func, insert, select

from db.postgres.engines import Connection
from db.postgres.statements import sql
from db.postgres.tables import doctors, practitioners
from db.postgres.tables.common import UUID

_ADD_PRACTITIONER = sql(
    insert(practitioners).values({column.name: bindparam(column.name) for column in practitioners.c})
)
_ADD = sql(insert(doctors).values({column.name: bindparam(column.name) for column in doctors.c}))

_IDS_OF_CLINICS = sql(
    select(doctors.c.id)
    .where(doctors.c.clinic_id == func.any(bindparam("clinic_ids", type_=ARRAY(UUID))))
    .order_by(doctors.c.id)
)


async def add_practitioner(pg: Connection, practitioner_id: str, name: str, now: datetime) -> None:
    """Add a practitioner."""
    await pg.execute(_ADD_PRACTITIONER, {"id": practitioner_id, "name": name, "created_at": now, "updated_at": now})


async def add(
    pg: Connection, doctor_id: str, *, practitioner_id: str, clinic_id: str, specialty: str, now: datetime
) -> None:
    """Add an active doctor without working hours (ConstraintViolated: doctors_one_per_clinic, or a foreign key)."""
    await pg.execute(
        _ADD,
        {
            "id": doctor_id,
            "practitioner_id": practitioner_id,
            "clinic_id": clinic_id,
            "specialty": specialty,
            "active": True,
            "version": 1,
            "hours_version": 0,
            "created_at": now,
            "updated_at": now,
        },
    )


async def ids_of_clinics(pg: Connection, clinic_ids: Sequence[str]) -> list[str]:
    """The doctors of clinics, in the order they were added."""
    cursor = await pg.execute(_IDS_OF_CLINICS, {"clinic_ids": list(clinic_ids)})
    return [row[0] for row in await cursor.fetchall()]
