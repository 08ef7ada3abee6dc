"""Practitioners, and the doctors that they are at clinics."""

from datetime import datetime

from sqlalchemy import bindparam, insert

from db.postgres.engines import Connection
from db.postgres.statements import sql
from db.postgres.tables import doctors, practitioners

_ADD_PRACTITIONER = sql(
    insert(practitioners).values({column.name: bindparam(column.name) for column in practitioners.c})
)
_ADD = sql(insert(doctors).values({column.name: bindparam(column.name) for column in doctors.c}))


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
