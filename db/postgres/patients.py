"""Patients and the names that other systems give them."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import bindparam, insert

from db.postgres.engines import Connection
from db.postgres.statements import sql
from db.postgres.tables import patient_identifiers, patients


class PatientRow(NamedTuple):
    """A patient's particulars; unknown text is empty."""

    id: str
    name: str
    birth_date: date | None
    phone: str
    email: str


_COLUMNS = (*PatientRow._fields, "version", "created_at", "updated_at")
_ADD = sql(insert(patients).values({name: bindparam(name) for name in _COLUMNS}))
_ADD_IDENTIFIER = sql(
    insert(patient_identifiers).values({name: bindparam(name) for name in ("system", "value", "patient_id")})
)


async def add(pg: Connection, patient: PatientRow, identifiers: Iterable[tuple[str, str]], now: datetime) -> None:
    """Add a patient with (system, value) identifiers (ConstraintViolated: patient_identifiers_pkey)."""
    await pg.execute(_ADD, {**patient._asdict(), "version": 1, "created_at": now, "updated_at": now})
    for system, value in identifiers:
        await pg.execute(_ADD_IDENTIFIER, {"system": system, "value": value, "patient_id": patient.id})
