"""Representatives: accounts of patients that act for other patients."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, insert

from db.postgres.cluster.engines import Connection
from db.postgres.driver.pipeline import named
from db.postgres.driver.statements import sql
from db.postgres.tables import representatives


class NewRepresentativeRow(NamedTuple):
    """A representative as it is added."""

    id: str
    account_id: str
    patient_id: str
    relation: str
    clinic_id: str
    note: str
    of_minor: bool
    """Whether the patient was a minor then."""
    ends_at: datetime
    created_at: datetime


class GrantRow(NamedTuple):
    """A representative that nobody has ended, and what else decides whether and how it acts."""

    id: str
    patient_id: str
    relation: str
    created_at: datetime
    ends_at: datetime
    of_minor: bool
    birth_date: date | None
    birth_precision: str
    representatives_until_age: int
    representatives_see_records_until_age: int
    time_zone: str


class RepresentativeRow(NamedTuple):
    """A representative as people see it."""

    id: str
    patient_id: str
    patient_name: str
    account_id: str
    account_patient_id: str
    """The patient who signs in to the account."""
    name: str
    """Of that patient."""
    relation: str
    created_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    """When somebody ended it."""
    of_minor: bool
    birth_date: date | None
    birth_precision: str
    representatives_until_age: int
    representatives_see_records_until_age: int
    time_zone: str
    clinic_id: str
    clinic_name: str
    note: str
    usable: bool
    """Whether the patient and the account are in use."""


class RepresentingRow(NamedTuple):
    """The account of a patient, to act for another one."""

    id: str
    patient_id: str
    email: str


def _of_patient(account: str) -> str:
    """Whether the account can act for anybody: not that of somebody who works here, or who has died."""
    alive = f"(SELECT NOT self.deceased FROM patients self WHERE self.id = {account}.patient_id)"
    return f"{account}.roles = '{{patient}}' AND {alive}"


_PATIENT_USABLE = "NOT p.deceased AND NOT p.inactive AND p.replaced_by IS NULL"
_GRANT = ", ".join(
    f"'{name}', {source}.{name}"
    for source, names in {
        "r": ("id", "patient_id", "relation", "created_at", "ends_at", "of_minor"),
        "p": ("birth_date", "birth_precision"),
        "c": ("representatives_until_age", "representatives_see_records_until_age", "time_zone"),
    }.items()
    for name in names
)
REPRESENTS = f"""
CASE WHEN {_of_patient("accounts")} THEN (
    SELECT coalesce(jsonb_agg(jsonb_build_object({_GRANT}) ORDER BY r.id), '[]')
    FROM representatives r JOIN patients p ON p.id = r.patient_id JOIN clinics c ON c.id = r.clinic_id
    WHERE r.account_id = accounts.id AND r.ended_at IS NULL AND {_PATIENT_USABLE}) ELSE '[]' END AS represents
"""
"""A column of a statement on `accounts`: its grants, for `granted_rows`."""

_ADD = sql(insert(representatives).values({name: bindparam(name) for name in NewRepresentativeRow._fields}))
_SELECT = f"""
SELECT r.id, r.patient_id, p.name, r.account_id, a.patient_id, q.name, r.relation, r.created_at, r.ends_at, r.ended_at,
    r.of_minor, p.birth_date, p.birth_precision, c.representatives_until_age, c.representatives_see_records_until_age,
    c.time_zone, c.id, c.name, r.note, {_PATIENT_USABLE} AND a.disabled_at IS NULL AND {_of_patient("a")}
FROM representatives r JOIN patients p ON p.id = r.patient_id JOIN clinics c ON c.id = r.clinic_id
JOIN accounts a ON a.id = r.account_id JOIN patients q ON q.id = a.patient_id
"""
_OF_PATIENT = f"""{_SELECT}
WHERE r.patient_id = %(patient_id)s AND (r.ended_at IS NULL OR %(with_ended)s)
ORDER BY r.created_at DESC, r.id DESC LIMIT %(limit)s
"""
_OF_ACCOUNT = f"{_SELECT} WHERE r.account_id = %(account_id)s AND r.ended_at IS NULL ORDER BY r.created_at, r.id"
_GET = f"{_SELECT} WHERE r.id = %(id)s"
_LOCK = f"{_GET} FOR NO KEY UPDATE OF r"
# Only after the patient, as a booking that holds a slot locks them.
_LOCK_ACCOUNT = f"""
SELECT a.id, a.patient_id, a.email FROM accounts a
WHERE a.email = %(email)s AND a.disabled_at IS NULL AND {_of_patient("a")} FOR NO KEY UPDATE
"""
_END = "UPDATE representatives SET ended_at = %(now)s WHERE id = %(id)s"
_ADDED = "SELECT id FROM representatives WHERE created_at > %(since)s AND ended_at IS NULL"
_OF_IDS = f"{_SELECT} WHERE r.id = ANY(%(ids)s::uuid[])"
_ENDED = "SELECT id FROM representatives WHERE ended_at > %(since)s"


def granted_rows(grants: Iterable[Mapping[str, Any]]) -> list[GrantRow]:
    """The rows of the column `represents` of an account."""
    return [_granted(GrantRow(**each)) for each in grants]


def _granted(row: GrantRow) -> GrantRow:
    """JSON has no dates."""
    born = None if row.birth_date is None else date.fromisoformat(str(row.birth_date))
    created_at, ends_at = (datetime.fromisoformat(str(each)) for each in (row.created_at, row.ends_at))
    return row._replace(created_at=created_at, ends_at=ends_at, birth_date=born)


async def lock_account(pg: Connection, email: str) -> RepresentingRow | None:
    """The patient's account with an email, locked until the transaction ends; None if there is none in use."""
    cursor = pg.cursor(row_factory=named(RepresentingRow))
    await cursor.execute(_LOCK_ACCOUNT, {"email": email})
    return await cursor.fetchone()


async def add(pg: Connection, row: NewRepresentativeRow) -> None:
    """Add a representative; ConstraintViolated (representatives_once) if the account has one for the patient."""
    await pg.execute(_ADD, row._asdict())


async def end(pg: Connection, representative_id: str, now: datetime) -> None:
    """End a representative."""
    await pg.execute(_END, {"id": representative_id, "now": now})


async def get(pg: Connection, representative_id: str) -> RepresentativeRow | None:
    """One representative, or None."""
    cursor = pg.cursor(row_factory=named(RepresentativeRow))
    await cursor.execute(_GET, {"id": representative_id})
    return await cursor.fetchone()


async def lock(pg: Connection, representative_id: str) -> RepresentativeRow | None:
    """One representative, or None; it does not change until the transaction ends."""
    cursor = pg.cursor(row_factory=named(RepresentativeRow))
    await cursor.execute(_LOCK, {"id": representative_id})
    return await cursor.fetchone()


async def of_patient(pg: Connection, patient_id: str, *, ended: bool, limit: int | None) -> list[RepresentativeRow]:
    """The representatives of a patient, the newest first; without those that somebody has ended, unless `ended`."""
    cursor = pg.cursor(row_factory=named(RepresentativeRow))
    await cursor.execute(_OF_PATIENT, {"patient_id": patient_id, "with_ended": ended, "limit": limit})
    return await cursor.fetchall()


async def of_account(pg: Connection, account_id: str) -> list[RepresentativeRow]:
    """For whom an account acts, the oldest first, without those that somebody has ended."""
    cursor = pg.cursor(row_factory=named(RepresentativeRow))
    await cursor.execute(_OF_ACCOUNT, {"account_id": account_id})
    return await cursor.fetchall()


async def added_since(pg: Connection, since: datetime) -> list[RepresentativeRow]:
    """The representatives that were added since then, without those that somebody has ended."""
    ids = [str(found) for (found,) in await (await pg.execute(_ADDED, {"since": since})).fetchall()]
    if not ids:
        return []
    # Not in the same statement: without knowing how few they are, the server would read all of the joined tables.
    cursor = pg.cursor(row_factory=named(RepresentativeRow))
    await cursor.execute(_OF_IDS, {"ids": ids})
    return await cursor.fetchall()


async def ended_since(pg: Connection, since: datetime) -> frozenset[str]:
    """The representatives that somebody has ended since then."""
    cursor = await pg.execute(_ENDED, {"since": since})
    return frozenset(str(row[0]) for row in await cursor.fetchall())
