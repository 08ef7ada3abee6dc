"""Queries of imports: what exists under the identifiers of other systems."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Literal, NamedTuple

from db.postgres.cluster.engines import Connection
from db.postgres.driver import pipeline

Noun = Literal["clinic", "practitioner", "patient", "appointment", "record"]
"""What has identifiers."""
Pair = tuple[str, str]


class NamedRow(NamedTuple):
    """What an identifier (system, value) stands for."""

    system: str
    value: str
    id: str
    linked: bool
    """Whether it has an identifier of the system `own`, this one or another."""


class ImportedDoctorRow(NamedTuple):
    """A practitioner at a clinic."""

    id: str
    practitioner_id: str
    clinic_id: str


class VisitRow(NamedTuple):
    """An appointment, as far as its changes and records about it need it."""

    id: str
    patient_id: str
    doctor_id: str
    date: date
    end_at: datetime
    version: int
    has_encounter: bool
    """Whether an encounter of the exporter is about it."""


# Only one batch of one import runs at a time, so that what it finds missing is still missing when it adds it.
_LOCK = "SELECT pg_advisory_xact_lock(7250411)"

_NAMED = """
SELECT system, value, found.{noun}_id,
    EXISTS (SELECT FROM {noun}_identifiers own WHERE own.{noun}_id = found.{noun}_id AND own.system = %(own)s)
FROM {noun}_identifiers found
JOIN unnest(%(systems)s::text[], %(values)s::text[]) AS wanted (system, value) USING (system, value)
"""
_NAME = """
INSERT INTO {noun}_identifiers (system, value, {noun}_id)
SELECT * FROM unnest(%(systems)s::text[], %(values)s::text[], %(ids)s::uuid[])
"""
_DOCTORS = """
SELECT id, practitioner_id, clinic_id
FROM doctors
JOIN unnest(%(practitioner_ids)s::uuid[], %(clinic_ids)s::uuid[]) AS wanted (practitioner_id, clinic_id)
    USING (practitioner_id, clinic_id)
"""
_RETIRE = "UPDATE doctors SET active = false WHERE id = %(id)s"
_ONLY_CLINICS = """
SELECT practitioner_id, (array_agg(clinic_id))[1] FROM doctors WHERE practitioner_id = ANY(%(ids)s::uuid[])
GROUP BY practitioner_id HAVING count(*) = 1
"""
_FIRST_DOCTORS = """
SELECT DISTINCT ON (practitioner_id) practitioner_id, id FROM doctors WHERE practitioner_id = ANY(%(ids)s::uuid[])
ORDER BY practitioner_id, created_at, id
"""
_ZONES = "SELECT id, time_zone FROM clinics WHERE id = ANY(%(ids)s::uuid[])"
_ZONES_OF_DOCTORS = """
SELECT doctors.id, time_zone FROM doctors JOIN clinics ON clinics.id = clinic_id WHERE doctors.id = ANY(%(ids)s::uuid[])
"""
_NAMES = "SELECT id, name FROM {noun}s WHERE id = ANY(%(ids)s::uuid[])"
_READINGS = "SELECT id, name_kana FROM patients WHERE id = ANY(%(ids)s::uuid[])"
_LAST_DAY = """
SELECT %(today)s::date + max(horizon_days) + 1 FROM doctors JOIN clinics ON clinics.id = clinic_id
WHERE doctors.id = ANY(%(ids)s::uuid[])
"""
_REPLACEMENTS = "SELECT id, replaced_by FROM patients WHERE id = ANY(%(ids)s::uuid[]) AND replaced_by IS NOT NULL"
_REPLACE = """
UPDATE patients SET replaced_by = %(by)s, version = version + 1, updated_at = %(now)s
WHERE (id = %(id)s OR replaced_by = %(id)s) AND id <> %(by)s AND replaced_by IS DISTINCT FROM %(by)s
RETURNING id
"""
_BIRTH_DATES = """
SELECT id, to_char(birth_date, CASE birth_precision WHEN 'year' THEN 'YYYY' WHEN 'month' THEN 'YYYY-MM'
    ELSE 'YYYY-MM-DD' END)
FROM patients WHERE id = ANY(%(ids)s::uuid[]) AND birth_date IS NOT NULL
"""
_APPOINTMENTS_OF_RECORDS = "SELECT id, appointment_id FROM records WHERE id = ANY(%(ids)s::uuid[])"
_VISITS = """
SELECT id, patient_id, doctor_id, date, end_at, version,
    EXISTS (SELECT FROM appointment_identifiers WHERE appointment_id = appointments.id AND system = %(encounters)s)
FROM appointments WHERE id = ANY(%(ids)s)
"""
_EXPORTED_NAMES = """
SELECT appointment_id, min(regexp_replace(system, '.*/', '') || '/' || value) FROM appointment_identifiers
WHERE appointment_id = ANY(%(ids)s::uuid[]) AND system = ANY(%(systems)s::text[]) GROUP BY appointment_id
"""
_LOCK_VISITS = "SELECT id, version FROM appointments WHERE id = ANY(%(ids)s::uuid[]) ORDER BY id FOR NO KEY UPDATE"


async def lock(pg: Connection) -> None:
    """Keep other imports waiting until the transaction ends."""
    await pg.execute(_LOCK)


async def named(pg: Connection, noun: Noun, pairs: Collection[Pair], own: str = "") -> list[NamedRow]:
    """The (system, value) pairs that exist, and what they stand for; `linked` refers to the system `own`."""
    cursor = pg.cursor(row_factory=pipeline.named(NamedRow))
    wanted = {"systems": [pair[0] for pair in pairs], "values": [pair[1] for pair in pairs], "own": own}
    await cursor.execute(_NAMED.format(noun=noun), wanted)
    return await cursor.fetchall()


async def add_identifiers(pg: Connection, noun: Noun, names: Collection[tuple[Pair, str]]) -> None:
    """Give identifiers (system, value) to ids (ConstraintViolated if one is taken)."""
    values = {
        "systems": [pair[0] for pair, _ in names],
        "values": [pair[1] for pair, _ in names],
        "ids": [each for _, each in names],
    }
    await pg.execute(_NAME.format(noun=noun), values)


async def doctors(pg: Connection, pairs: Collection[Pair]) -> list[ImportedDoctorRow]:
    """The doctors of (practitioner_id, clinic_id) pairs."""
    cursor = pg.cursor(row_factory=pipeline.named(ImportedDoctorRow))
    wanted = {"practitioner_ids": [pair[0] for pair in pairs], "clinic_ids": [pair[1] for pair in pairs]}
    await cursor.execute(_DOCTORS, wanted)
    return await cursor.fetchall()


async def retire(pg: Connection, doctor_id: str) -> None:
    """Deactivate a doctor who was added in this transaction."""
    await pg.execute(_RETIRE, {"id": doctor_id})


async def only_clinics(pg: Connection, practitioner_ids: Iterable[str]) -> dict[str, str]:
    """For each practitioner who works at one clinic and no other, that clinic."""
    cursor = await pg.execute(_ONLY_CLINICS, {"ids": list(practitioner_ids)})
    return dict(await cursor.fetchall())


async def first_doctors(pg: Connection, practitioner_ids: Iterable[str]) -> dict[str, str]:
    """For each practitioner, the doctor that he or she has been for longest."""
    cursor = await pg.execute(_FIRST_DOCTORS, {"ids": list(practitioner_ids)})
    return dict(await cursor.fetchall())


async def zones(pg: Connection, clinic_ids: Iterable[str]) -> dict[str, str]:
    """The time zone of each clinic."""
    cursor = await pg.execute(_ZONES, {"ids": list(clinic_ids)})
    return dict(await cursor.fetchall())


async def zones_of_doctors(pg: Connection, doctor_ids: Iterable[str]) -> dict[str, str]:
    """The time zone of each doctor's clinic."""
    cursor = await pg.execute(_ZONES_OF_DOCTORS, {"ids": list(doctor_ids)})
    return dict(await cursor.fetchall())


async def names(pg: Connection, noun: Noun, ids: Iterable[str]) -> dict[str, str]:
    """The name of each clinic, practitioner or patient."""
    cursor = await pg.execute(_NAMES.format(noun=noun), {"ids": list(ids)})
    return dict(await cursor.fetchall())


async def readings(pg: Connection, patient_ids: Iterable[str]) -> dict[str, str]:
    """The reading of each patient's name."""
    cursor = await pg.execute(_READINGS, {"ids": list(patient_ids)})
    return dict(await cursor.fetchall())


async def last_day(pg: Connection, doctor_ids: Iterable[str], today: date) -> date:
    """The last day on which any of these doctors can be booked, as seen from the furthest zone."""
    cursor = await pg.execute(_LAST_DAY, {"ids": list(doctor_ids), "today": today})
    row = await cursor.fetchone()
    return (row and row[0]) or today


async def replacements(pg: Connection, patient_ids: Iterable[str]) -> dict[str, str]:
    """For each patient who was replaced, by whom."""
    cursor = await pg.execute(_REPLACEMENTS, {"ids": list(patient_ids)})
    return dict(await cursor.fetchall())


async def replace(pg: Connection, patient_id: str, by: str, now: datetime) -> bool:
    """Let a patient, and those who were replaced by that one, be replaced by another; whether that is news."""
    return await (await pg.execute(_REPLACE, {"id": patient_id, "by": by, "now": now})).fetchone() is not None


async def birth_dates(pg: Connection, patient_ids: Iterable[str]) -> dict[str, str]:
    """The birth date of each patient, as far as it is known: YYYY-MM-DD, YYYY-MM or YYYY."""
    cursor = await pg.execute(_BIRTH_DATES, {"ids": list(patient_ids)})
    return dict(await cursor.fetchall())


async def appointments_of_records(pg: Connection, record_ids: Iterable[str]) -> dict[str, str | None]:
    """The appointment that each record is about."""
    cursor = await pg.execute(_APPOINTMENTS_OF_RECORDS, {"ids": list(record_ids)})
    return dict(await cursor.fetchall())


async def visits(pg: Connection, appointment_ids: Iterable[str], encounters: str = "") -> list[VisitRow]:
    """The appointments that exist among these; `encounters` is the system of the exporter's ids of encounters."""
    cursor = pg.cursor(row_factory=pipeline.named(VisitRow))
    await cursor.execute(_VISITS, {"ids": list(appointment_ids), "encounters": encounters})
    return await cursor.fetchall()


async def exported_names(pg: Connection, appointment_ids: Iterable[str], systems: Iterable[str]) -> dict[str, str]:
    """What exporters call appointments, such as `Appointment/7`, as far as they have identifiers of these systems."""
    cursor = await pg.execute(_EXPORTED_NAMES, {"ids": list(appointment_ids), "systems": list(systems)})
    return dict(await cursor.fetchall())


async def lock_visits(pg: Connection, appointment_ids: Iterable[str]) -> dict[str, int]:
    """The versions of appointments, which nobody else can change until the transaction ends. Lock their days first."""
    cursor = await pg.execute(_LOCK_VISITS, {"ids": list(appointment_ids)})
    return dict(await cursor.fetchall())
