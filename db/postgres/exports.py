"""Queries of exports: everything in the book, page by page in the order of ids; the nil UUID starts at the first."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.rows import args_row

from db.postgres.cluster.engines import Connection
from db.postgres.directory.clinics import ClinicRow
from db.postgres.driver.pipeline import named

Pairs = Sequence[tuple[str, str]]


class ExportedClinicRow(NamedTuple):
    """A clinic with its (system, value) identifiers."""

    clinic: ClinicRow
    identifiers: Pairs

    @property
    def id(self) -> str:
        """The clinic's id."""
        return self.clinic.id


class ExportedPractitionerRow(NamedTuple):
    """A practitioner; `active` if any of the doctors is, or if there is none."""

    id: str
    name: str
    active: bool
    identifiers: Pairs


class ExportedAppointmentRow(NamedTuple):
    """An appointment that is, or was, booked."""

    id: str
    patient_id: str
    doctor_id: str
    clinic_id: str
    start_at: datetime
    end_at: datetime
    status: str
    reason: str
    created_at: datetime
    type_name: str | None
    identifiers: Pairs


def _identifiers(noun: str) -> str:
    return f"""(
    SELECT coalesce(jsonb_agg(jsonb_build_array(system, value) ORDER BY system COLLATE "C", value COLLATE "C"), '[]')
    FROM {noun}_identifiers WHERE {noun}_id = {noun}s.id)"""


_CLINICS = f"""
SELECT {_identifiers("clinic")}, {", ".join(ClinicRow._fields)}
FROM clinics WHERE id > %(after_id)s ORDER BY id LIMIT %(limit)s
"""
_PRACTITIONERS = f"""
SELECT id, name, coalesce((SELECT bool_or(active) FROM doctors WHERE practitioner_id = practitioners.id), true),
    {_identifiers("practitioner")}
FROM practitioners WHERE id > %(after_id)s ORDER BY id LIMIT %(limit)s
"""
_DOCTORS = "SELECT id FROM doctors WHERE id > %(after_id)s ORDER BY id LIMIT %(limit)s"
_APPOINTMENTS = f"""
SELECT id, patient_id, doctor_id, clinic_id, start_at, end_at, status, reason, created_at,
    (SELECT name FROM appointment_types WHERE id = type_id), {_identifiers("appointment")}
FROM appointments WHERE id > %(after_id)s AND status NOT IN ('held', 'expired') ORDER BY id LIMIT %(limit)s
"""


async def clinics(pg: Connection, after_id: str, limit: int) -> list[ExportedClinicRow]:
    """A page of clinics."""
    cursor = pg.cursor(row_factory=args_row(_clinic))
    await cursor.execute(_CLINICS, {"after_id": after_id, "limit": limit})
    return await cursor.fetchall()


async def practitioners(pg: Connection, after_id: str, limit: int) -> list[ExportedPractitionerRow]:
    """A page of practitioners."""
    cursor = pg.cursor(row_factory=named(ExportedPractitionerRow))
    await cursor.execute(_PRACTITIONERS, {"after_id": after_id, "limit": limit})
    return await cursor.fetchall()


async def doctor_ids(pg: Connection, after_id: str, limit: int) -> list[str]:
    """A page of the ids of doctors."""
    cursor = await pg.execute(_DOCTORS, {"after_id": after_id, "limit": limit})
    return [doctor_id for (doctor_id,) in await cursor.fetchall()]


async def appointments(pg: Connection, after_id: str, limit: int) -> list[ExportedAppointmentRow]:
    """A page of appointments, without holds and lapsed holds."""
    cursor = pg.cursor(row_factory=named(ExportedAppointmentRow))
    await cursor.execute(_APPOINTMENTS, {"after_id": after_id, "limit": limit})
    return await cursor.fetchall()


def _clinic(identifiers: Pairs, *columns: Any) -> ExportedClinicRow:  # typed by ClinicRow
    return ExportedClinicRow(ClinicRow(*columns), identifiers)
