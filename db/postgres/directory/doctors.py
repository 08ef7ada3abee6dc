"""Practitioners, and the doctors that they are at their clinics."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ARRAY, bindparam, func, insert, select

from db.postgres.cluster.engines import Connection, Sent
from db.postgres.driver.pipeline import named
from db.postgres.driver.statements import sql
from db.postgres.tables import doctors
from db.postgres.tables.common import UUID


class DoctorRow(NamedTuple):
    """A doctor with the names of the practitioner and of the clinic."""

    id: str
    practitioner_id: str
    name: str
    specialty: str
    active: bool
    clinic_id: str
    clinic_name: str
    time_zone: str
    horizon_days: int
    version: int
    created_at: datetime
    updated_at: datetime


class PlaceRow(NamedTuple):
    """Where a doctor works, as far as a doctor's day depends on it."""

    doctor_id: str
    clinic_id: str
    time_zone: str


class LockedDoctorRow(NamedTuple):
    """A doctor, as far as working hours and bookings depend on it."""

    id: str
    specialty: str
    active: bool
    untouched: bool
    """Whether neither the doctor nor the hours have changed since the doctor was added."""
    hours: str
    """JSON, to be read with `hours.sessions`."""


_DEFAULTS = {"time_off", "extra_sessions"}
_ADD = sql(
    insert(doctors).values(
        {column.name: bindparam(column.name) for column in doctors.c if column.name not in _DEFAULTS}
    )
)

_IDS_OF_CLINICS = sql(
    select(doctors.c.id)
    .where(doctors.c.clinic_id == func.any(bindparam("clinic_ids", type_=ARRAY(UUID))))
    .order_by(doctors.c.id)
)

_SELECT = """
SELECT d.id, d.practitioner_id, p.name, d.specialty, d.active, c.id, c.name, c.time_zone, c.horizon_days,
    d.version, d.created_at, d.updated_at
FROM doctors d JOIN practitioners p ON p.id = d.practitioner_id JOIN clinics c ON c.id = d.clinic_id
"""
_GET = _SELECT + "WHERE d.id = %(doctor_id)s"
_ID_AT = "SELECT id FROM doctors WHERE practitioner_id = %(practitioner_id)s AND clinic_id = %(clinic_id)s"

_PLACES = """
SELECT d.id, c.id, c.time_zone FROM doctors d JOIN clinics c ON c.id = d.clinic_id
WHERE d.id = ANY(%(doctor_ids)s::uuid[])
"""
_PLACES_OF_CLINIC = """
SELECT d.id, c.id, c.time_zone FROM clinics c LEFT JOIN doctors d ON d.clinic_id = c.id AND d.active
    AND (%(specialty)s::text = '' OR lower(d.specialty) = lower(%(specialty)s))
WHERE c.id = %(clinic_id)s ORDER BY d.id
"""

_LAST_NAME = """coalesce((SELECT o.name FROM doctors JOIN practitioners o ON o.id = practitioner_id
        WHERE doctors.id = %(after_id)s), '')"""


def _page(condition: str = "true") -> str:
    # Not one comparison of (name, id): the columns are in two tables, and an index serves only its own column.
    return f"""{_SELECT}WHERE d.active AND {condition} AND p.name COLLATE "C" >= {_LAST_NAME}
    AND (p.name <> {_LAST_NAME} OR d.id > %(after_id)s)
ORDER BY p.name COLLATE "C", d.id LIMIT %(limit)s
"""


_OF_CLINIC, _OF_SPECIALTY = "d.clinic_id = %(clinic_id)s", "lower(d.specialty) = lower(%(specialty)s)"
_OF_CLINICS = "d.clinic_id = ANY(%(only)s::uuid[])"
_PAGE = _page()
_PAGES = {
    (False, False, False): _PAGE,
    (True, False, False): _page(_OF_CLINIC),
    (False, True, False): _page(_OF_SPECIALTY),
    (True, True, False): _page(f"{_OF_CLINIC} AND {_OF_SPECIALTY}"),
    (False, False, True): _page(_OF_CLINICS),
    (False, True, True): _page(f"{_OF_CLINICS} AND {_OF_SPECIALTY}"),
}
"""By what is asked for: one clinic, a specialty, some clinics."""

_SEEN = "(%(only)s::uuid[] IS NULL OR clinic_id = ANY(%(only)s::uuid[]))"
_IS_SPECIALTY = f"""
SELECT 1 FROM doctors WHERE active AND lower(specialty) = lower(%(specialty)s) AND {_SEEN} LIMIT 1
"""
_SPECIALTIES = f"""
SELECT min(specialty) FROM doctors WHERE active AND {_SEEN}
GROUP BY lower(specialty) ORDER BY lower(specialty) LIMIT %(limit)s
"""

_UPDATE = """
UPDATE doctors SET specialty = %(specialty)s, active = %(active)s, version = version + 1, updated_at = %(now)s
WHERE id = %(doctor_id)s
"""
_RENAME = "UPDATE practitioners SET name = %(name)s, updated_at = %(now)s WHERE id = %(practitioner_id)s"
_RAISE_OTHERS = """
UPDATE doctors SET version = version + 1, updated_at = %(now)s
WHERE practitioner_id = %(practitioner_id)s AND id <> %(doctor_id)s
RETURNING id
"""

_RAISE_OF_CLINIC = "UPDATE doctors SET version = version + 1, updated_at = %(now)s WHERE clinic_id = %(clinic_id)s"
_LOCK_DOCTORS = """
SELECT id, specialty, active, version = 1 AND hours_version = 0,
    coalesce((SELECT json_agg(json_build_array(
            h.valid_from, s.weekday, s.start_local, s.end_local, s.slot_minutes, s.capacity))::text
        FROM working_hours h LEFT JOIN working_sessions s USING (doctor_id, valid_from)
        WHERE h.doctor_id = doctors.id), '[]')
FROM doctors WHERE id = ANY(%(ids)s::uuid[]) ORDER BY id FOR NO KEY UPDATE
"""


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
    """The doctors of clinics, in the order in which they were added."""
    cursor = await pg.execute(_IDS_OF_CLINICS, {"clinic_ids": list(clinic_ids)})
    return [row[0] for row in await cursor.fetchall()]


async def places(pg: Connection, doctor_ids: Sequence[str]) -> list[PlaceRow]:
    """Where the doctors work; unknown ones are left out. In no particular order."""
    cursor = pg.cursor(row_factory=named(PlaceRow))
    await cursor.execute(_PLACES, {"doctor_ids": list(doctor_ids)})
    return await cursor.fetchall()


async def places_of_clinic(pg: Connection, clinic_id: str, specialty: str = "") -> list[PlaceRow] | None:
    """The active doctors of a clinic, of one specialty if that is given; None if the clinic does not exist."""
    cursor = await pg.execute(_PLACES_OF_CLINIC, {"clinic_id": clinic_id, "specialty": specialty})
    rows = await cursor.fetchall()
    return [PlaceRow(*row) for row in rows if row[0] is not None] if rows else None


async def get(pg: Connection, doctor_id: str) -> Sent[DoctorRow]:
    """One doctor, active or not, if the id exists."""
    cursor = pg.cursor(row_factory=named(DoctorRow))
    return await cursor.execute(_GET, {"doctor_id": doctor_id})


async def id_at(pg: Connection, practitioner_id: str, clinic_id: str) -> str | None:
    """The doctor that a practitioner is at a clinic, or None."""
    cursor = await pg.execute(_ID_AT, {"practitioner_id": practitioner_id, "clinic_id": clinic_id})
    found = await cursor.fetchone()
    return found[0] if found else None


async def page(
    pg: Connection, clinic_id: str, specialty: str, after_id: str, limit: int, only: Collection[str] | None = None
) -> list[DoctorRow]:
    """Active doctors by (name, id), starting after `after_id`; the nil UUID starts at the first one.

    An empty clinic or specialty means all; specialties are compared case-insensitively. Without a clinic,
    `only` names the clinics whose doctors may be among them, None all.
    """
    cursor = pg.cursor(row_factory=named(DoctorRow))
    values = {"clinic_id": clinic_id, "specialty": specialty, "after_id": after_id, "limit": limit}
    some = only is not None and not clinic_id
    await cursor.execute(_PAGES[bool(clinic_id), bool(specialty), some], {**values, "only": list(only or ())})
    return await cursor.fetchall()


async def is_specialty(pg: Connection, specialty: str, only: Collection[str] | None) -> bool:
    """Whether an active doctor, of the clinics in `only` or of all, has a specialty, compared case-insensitively."""
    values = {"specialty": specialty, "only": None if only is None else list(only)}
    return await (await pg.execute(_IS_SPECIALTY, values)).fetchone() is not None


async def specialties(pg: Connection, limit: int, only: Collection[str] | None) -> list[str]:
    """The first `limit` specialties, by name, of active doctors of the clinics in `only`, or of all."""
    values = {"limit": limit, "only": None if only is None else list(only)}
    return [row[0] for row in await (await pg.execute(_SPECIALTIES, values)).fetchall()]


async def update(pg: Connection, doctor: DoctorRow, now: datetime) -> None:
    """Store a doctor's specialty and whether the doctor is active, as the next version."""
    values = {"doctor_id": doctor.id, "specialty": doctor.specialty, "active": doctor.active, "now": now}
    await pg.execute(_UPDATE, values)


async def rename(pg: Connection, doctor: DoctorRow, now: datetime) -> list[str]:
    """Store the name of a doctor's practitioner; the practitioner's other doctors, each with its next version."""
    values = {"practitioner_id": doctor.practitioner_id, "now": now}
    await pg.execute(_RENAME, {**values, "name": doctor.name})
    sent = await pg.execute(_RAISE_OTHERS, {**values, "doctor_id": doctor.id})
    return [row[0] for row in await sent.fetchall()]


async def lock_doctors(pg: Connection, doctor_ids: Sequence[str]) -> list[LockedDoctorRow]:
    """Doctors with their working hours; nobody else can change them until the transaction ends.

    Lock their days first.
    """
    cursor = pg.cursor(row_factory=named(LockedDoctorRow))
    await cursor.execute(_LOCK_DOCTORS, {"ids": doctor_ids})
    return await cursor.fetchall()


async def raise_versions(pg: Connection, clinic_id: str, now: datetime) -> None:
    """Raise the version of each doctor of a clinic, because what is shown of the clinic has changed."""
    await pg.execute(_RAISE_OF_CLINIC, {"clinic_id": clinic_id, "now": now})
