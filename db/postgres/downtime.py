"""Queries of downtime sheets: a doctor at a time, so that a large clinic takes no more memory than a small one."""

from datetime import date, datetime
from typing import NamedTuple

from db.postgres.cluster.engines import Connection
from db.postgres.driver.pipeline import named


class SheetClinicRow(NamedTuple):
    """A clinic; the sheets are in the first of its languages."""

    id: str
    name: str
    time_zone: str
    language: str


class SheetVisitRow(NamedTuple):
    """An appointment with what a desk needs to know of its patient."""

    appointment_id: str
    start_at: datetime
    end_at: datetime
    status: str
    patient_name: str
    patient_kana: str
    birth_date: date | None
    birth_precision: str
    phone: str
    type_name: str | None
    type_name_ja: str | None


_CLINICS = "SELECT id, name, time_zone, languages[1] FROM clinics ORDER BY name, id"
_DOCTORS = """
SELECT d.id FROM doctors d JOIN practitioners p ON p.id = d.practitioner_id
WHERE d.clinic_id = %(clinic_id)s ORDER BY p.name, d.id
"""
_VISITS = """
SELECT a.id, a.start_at, a.end_at, a.status, p.name, p.name_kana, p.birth_date, p.birth_precision, p.phone,
    t.name, t.name_ja
FROM appointments a JOIN patients p ON p.id = a.patient_id LEFT JOIN appointment_types t ON t.id = a.type_id
WHERE a.doctor_id = %(doctor_id)s AND a.date = %(date)s AND a.status NOT IN ('held', 'expired', 'cancelled')
ORDER BY a.start_at, a.id
"""


async def clinics(pg: Connection) -> list[SheetClinicRow]:
    """All clinics, by name."""
    cursor = pg.cursor(row_factory=named(SheetClinicRow))
    await cursor.execute(_CLINICS)
    return await cursor.fetchall()


async def doctor_ids(pg: Connection, clinic_id: str) -> list[str]:
    """The doctors of a clinic, by name, also those who are inactive."""
    cursor = await pg.execute(_DOCTORS, {"clinic_id": clinic_id})
    return [doctor_id for (doctor_id,) in await cursor.fetchall()]


async def visits(pg: Connection, doctor_id: str, day: date) -> list[SheetVisitRow]:
    """The appointments of a doctor's day, by start, without those that were cancelled or only held."""
    cursor = pg.cursor(row_factory=named(SheetVisitRow))
    await cursor.execute(_VISITS, {"doctor_id": doctor_id, "date": day})
    return await cursor.fetchall()
