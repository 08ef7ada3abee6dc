"""Clinics."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, insert

from db.postgres.engines import Connection
from db.postgres.statements import sql
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


_INSERT = sql(insert(clinics).values({column.name: bindparam(column.name) for column in clinics.c}))


async def add(pg: Connection, clinic: ClinicRow, now: datetime) -> None:
    """Add a clinic."""
    await pg.execute(_INSERT, {**clinic._asdict(), "created_at": now, "updated_at": now})
