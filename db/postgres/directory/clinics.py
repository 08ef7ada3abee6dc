"""Clinics."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, insert

from db.postgres.cluster.engines import Connection
from db.postgres.driver.pipeline import named
from db.postgres.driver.statements import sql
from db.postgres.tables import ACTIVE, NO_ALTERNATIVE, clinics


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
    address: str = ""
    """In one line; empty if unknown."""
    phone: str = ""
    """In E.164 form; empty if unknown."""
    languages: Sequence[str] = ("en",)
    version: int = 1
    holidays: Sequence[date] = ()
    """Days on which it is closed, sorted."""
    max_open_appointments: int = 0
    """0 for any number."""
    public_browsing: bool = False
    """Whether anybody may see the clinic, its doctors and their free slots without signing in."""
    representatives_until_age: int = 18
    representatives_see_records_until_age: int = 16


class ShiftedRow(NamedTuple):
    """An appointment whose time of day another time zone changes, and how many there are of these in all."""

    appointment_id: str
    start_at: datetime
    number: int


class AffectedRow(NamedTuple):
    """An appointment ahead that a change of the clinic leaves on a closed day, and how many there are of these."""

    appointment_id: str
    start_at: datetime
    end_at: datetime
    number: int


class ClinicContactRow(NamedTuple):
    """How a clinic is called and reached."""

    id: str
    name: str
    address: str
    phone: str
    untouched: bool
    """Whether it has not changed since it was added."""


_INSERT = sql(insert(clinics).values({column.name: bindparam(column.name) for column in clinics.c}))
_PAGE = f"""
SELECT {", ".join(ClinicRow._fields)} FROM clinics
WHERE (name COLLATE "C", id) > (coalesce((SELECT name FROM clinics WHERE id = %(after_id)s), ''), %(after_id)s)
    AND (%(only)s::uuid[] IS NULL OR id = ANY(%(only)s::uuid[]))
ORDER BY name COLLATE "C", id LIMIT %(limit)s
"""
_OPEN = "SELECT id FROM clinics WHERE public_browsing"
_COUNT = "SELECT count(*) FROM clinics WHERE id = ANY(%(clinic_ids)s::uuid[])"

_GET = f"SELECT {', '.join(ClinicRow._fields)} FROM clinics WHERE id = %(clinic_id)s"
# So that no doctor is added meanwhile, whose days would have the old rules.
_LOCK = f"{_GET} FOR UPDATE"
_CHANGEABLE = [field for field in ClinicRow._fields if field not in {"id", "version"}]
_UPDATE = f"""
UPDATE clinics SET {", ".join(f"{field} = %({field})s" for field in _CHANGEABLE)},
    version = version + 1, updated_at = %(now)s
WHERE id = %(id)s
"""
_ADD_EVENT = """
INSERT INTO clinic_events (id, clinic_id, actor, happened_at, clinic)
SELECT %(id)s, %(clinic_id)s, %(actor)s, %(now)s, to_jsonb(c) - 'created_at' FROM clinics c WHERE c.id = %(clinic_id)s
"""
_AHEAD = f"clinic_id = %(clinic_id)s AND date >= %(since)s::timestamptz::date - 2 AND start_at > %(since)s AND {ACTIVE}"
_WALL_TIMES_DIFFER = "start_at AT TIME ZONE %(new_zone)s <> start_at AT TIME ZONE %(old_zone)s"
_SHIFTED = f"""
SELECT id, start_at, count(*) OVER () FROM appointments
WHERE {_AHEAD} AND {_WALL_TIMES_DIFFER}
ORDER BY start_at, id LIMIT %(limit)s
"""
_DATES_AHEAD = f"SELECT DISTINCT date FROM appointments WHERE {_AHEAD}"
_ON_DAYS = f"""
SELECT id, start_at, end_at, count(*) OVER () FROM appointments
WHERE clinic_id = %(clinic_id)s AND date = ANY(%(dates)s::date[]) AND end_at > %(since)s AND {ACTIVE}
    AND {NO_ALTERNATIVE}
ORDER BY start_at, id LIMIT %(limit)s
"""
# What began before midnight belongs to the day before, in the new zone as in the old one.
_DAYS = "(start_at AT TIME ZONE %(new_zone)s)::date - (start_at AT TIME ZONE %(old_zone)s)::date"
# The instants stay, so the hour that `check-zones` takes for the one that the patient knows moves with the zone.
_REDATE = f"""
UPDATE appointments SET version = version + ({_WALL_TIMES_DIFFER})::int, date = date + ({_DAYS}),
    utc_offset_minutes = utc_offset_minutes
    + extract(epoch FROM (start_at AT TIME ZONE %(new_zone)s) - (start_at AT TIME ZONE %(old_zone)s)) / 60
WHERE {_AHEAD}
"""

_LOCK_CONTACTS = """
SELECT id, name, address, phone, updated_at = created_at FROM clinics WHERE id = ANY(%(ids)s::uuid[]) ORDER BY id
FOR NO KEY UPDATE
"""
_SET_CONTACT = """
UPDATE clinics SET name = coalesce(%(name)s, name), address = coalesce(%(address)s, address),
    phone = coalesce(%(phone)s, phone), version = version + 1, updated_at = %(now)s
WHERE id = %(id)s
"""


async def add(pg: Connection, clinic: ClinicRow, now: datetime) -> None:
    """Add a clinic."""
    await pg.execute(_INSERT, {**_values(clinic), "created_at": now, "updated_at": now})


async def get(pg: Connection, clinic_id: str) -> ClinicRow | None:
    """One clinic, or None."""
    cursor = pg.cursor(row_factory=named(ClinicRow))
    await cursor.execute(_GET, {"clinic_id": clinic_id})
    return await cursor.fetchone()


async def lock(pg: Connection, clinic_id: str) -> ClinicRow | None:
    """One clinic, or None; until the transaction ends it does not change and gets no new doctors."""
    cursor = pg.cursor(row_factory=named(ClinicRow))
    await cursor.execute(_LOCK, {"clinic_id": clinic_id})
    return await cursor.fetchone()


async def update(pg: Connection, clinic: ClinicRow, now: datetime) -> None:
    """Store a clinic, as its next version."""
    await pg.execute(_UPDATE, {**_values(clinic), "now": now})


async def add_event(pg: Connection, event_id: str, clinic_id: str, actor: str, now: datetime) -> None:
    """Record that an account made the clinic what it is now."""
    await pg.execute(_ADD_EVENT, {"id": event_id, "clinic_id": clinic_id, "actor": actor, "now": now})


async def shifted(pg: Connection, old: ClinicRow, new_zone: str, since: datetime, limit: int) -> list[ShiftedRow]:
    """The first appointments after `since` whose time of day at the clinic differs in another time zone."""
    values = {"clinic_id": old.id, "old_zone": old.time_zone, "new_zone": new_zone, "since": since, "limit": limit}
    cursor = pg.cursor(row_factory=named(ShiftedRow))
    await cursor.execute(_SHIFTED, values)
    return await cursor.fetchall()


async def dates_ahead(pg: Connection, clinic_id: str, since: datetime) -> set[date]:
    """The dates of the active appointments of a clinic after `since`."""
    found = await (await pg.execute(_DATES_AHEAD, {"clinic_id": clinic_id, "since": since})).fetchall()
    return {day for (day,) in found}


async def on_days(
    pg: Connection, clinic_id: str, dates: Sequence[date], since: datetime, limit: int
) -> list[AffectedRow]:
    """The first active appointments of a clinic on some days that are not over by `since`."""
    cursor = pg.cursor(row_factory=named(AffectedRow))
    values = {"clinic_id": clinic_id, "dates": list(dates), "since": since, "limit": limit}
    await cursor.execute(_ON_DAYS, values)
    return await cursor.fetchall()


async def redate(pg: Connection, old: ClinicRow, new_zone: str, since: datetime) -> None:
    """Give the appointments after `since` the dates and offsets that they have in another time zone.

    Those that show another wall time get their next version.
    """
    values = {"clinic_id": old.id, "old_zone": old.time_zone, "new_zone": new_zone, "since": since}
    await pg.execute(_REDATE, values)


async def page(pg: Connection, after_id: str, limit: int, only: Collection[str] | None = None) -> list[ClinicRow]:
    """Clinics by (name, id), all or `only` some, starting after `after_id`; the nil UUID starts at the first one."""
    cursor = pg.cursor(row_factory=named(ClinicRow))
    await cursor.execute(_PAGE, {"after_id": after_id, "limit": limit, "only": None if only is None else list(only)})
    return await cursor.fetchall()


async def open_to_visitors(pg: Connection) -> list[str]:
    """The ids of the clinics that everybody may look at."""
    return [str(row[0]) for row in await (await pg.execute(_OPEN)).fetchall()]


async def count(pg: Connection, clinic_ids: Sequence[str]) -> int:
    """How many of these clinics exist."""
    found = await (await pg.execute(_COUNT, {"clinic_ids": list(clinic_ids)})).fetchone()
    return int(found[0]) if found else 0


async def lock_contacts(pg: Connection, clinic_ids: Sequence[str]) -> list[ClinicContactRow]:
    """How clinics are called and reached; nobody else can change that until the transaction ends."""
    cursor = pg.cursor(row_factory=named(ClinicContactRow))
    await cursor.execute(_LOCK_CONTACTS, {"ids": clinic_ids})
    return await cursor.fetchall()


async def set_contact(pg: Connection, clinic_id: str, contact: Mapping[str, str], now: datetime) -> None:
    """Store the name, address and phone of a clinic, as far as they are given."""
    await pg.execute(
        _SET_CONTACT, {"name": None, "address": None, "phone": None, **contact, "id": clinic_id, "now": now}
    )


def _values(clinic: ClinicRow) -> dict[str, Any]:
    # psycopg turns lists into arrays.
    return {**clinic._asdict(), "languages": list(clinic.languages), "holidays": list(clinic.holidays)}
