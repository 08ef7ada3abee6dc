"""Accounts and the keys that sign their tokens."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, insert, select

from db.postgres.cluster.engines import Connection
from db.postgres.driver.pipeline import named
from db.postgres.driver.statements import sql
from db.postgres.identity.representatives import REPRESENTS
from db.postgres.tables import signing_keys


class AccountRow(NamedTuple):
    """An account: who signs in, with which role, on behalf of whom."""

    id: str
    email: str | None
    roles: Sequence[str]
    clinic_ids: Sequence[str]
    patient_id: str | None = None
    doctor_id: str | None = None
    all_clinics: bool = False
    """Works for every clinic of the group, including future ones."""
    generation: int = 0
    """Raising it ends all sessions."""
    second_factor: bool = False
    """Whether a code is asked for besides the password."""
    represents: Sequence[Mapping[str, Any]] = ()
    """For whom it acts, besides its own patient: rows for `db.postgres.identity.representatives.granted_rows`."""


class SigningKeyRow(NamedTuple):
    """An Ed25519 key: raw public half, and the private half as it is encrypted at rest."""

    kid: str
    public_key: bytes
    private_key_encrypted: bytes
    created_at: datetime
    signs_from: datetime


_CLINIC_IDS = """
CASE WHEN accounts.doctor_id IS NULL THEN accounts.clinic_ids ELSE ARRAY(
    SELECT unnest(accounts.clinic_ids) UNION
    SELECT theirs.clinic_id FROM doctors own JOIN doctors theirs ON theirs.practitioner_id = own.practitioner_id
    WHERE own.id = accounts.doctor_id AND theirs.active) END AS clinic_ids
"""
_SECOND_FACTOR = """
EXISTS (SELECT FROM second_factors f WHERE f.account_id = accounts.id AND f.confirmed_at IS NOT NULL) AS second_factor
"""
_COMPUTED = {"clinic_ids": _CLINIC_IDS, "second_factor": _SECOND_FACTOR, "represents": REPRESENTS}
COLUMNS = ", ".join(_COMPUTED.get(name, f"accounts.{name}") for name in AccountRow._fields)
"""What an AccountRow is read from; the clinics of a doctor are those where the doctor works."""
_KEYS = sql(select(*signing_keys.c).order_by(signing_keys.c.signs_from.desc(), signing_keys.c.kid))
_ADD_KEY = sql(insert(signing_keys).values({name: bindparam(name) for name in SigningKeyRow._fields}))
_FORGET_KEYS = """
DELETE FROM signing_keys WHERE signs_from < (SELECT max(signs_from) FROM signing_keys WHERE signs_from < %(ended)s)
"""
_ACCOUNT = f"SELECT {COLUMNS} FROM accounts WHERE id = %(id)s AND disabled_at IS NULL"
_ACCOUNTS_BY_EMAIL = f"SELECT {COLUMNS} FROM accounts WHERE email = ANY(%(emails)s)"
_PUT_ACCOUNT = """
INSERT INTO accounts (id, email, roles, clinic_ids, all_clinics, patient_id, doctor_id, created_at)
VALUES (%(id)s, %(email)s, %(roles)s, %(clinic_ids)s::uuid[], %(all_clinics)s, %(patient_id)s, %(doctor_id)s, %(now)s)
ON CONFLICT (email) DO UPDATE SET roles = excluded.roles, clinic_ids = excluded.clinic_ids,
    all_clinics = excluded.all_clinics, patient_id = excluded.patient_id, doctor_id = excluded.doctor_id
RETURNING id
"""
_END_SESSIONS = """
UPDATE accounts SET generation = generation + 1, sessions_ended_at = %(now)s
WHERE id = %(id)s AND disabled_at IS NULL RETURNING generation
"""
_DISABLE = """
UPDATE accounts SET generation = generation + 1, sessions_ended_at = %(now)s, disabled_at = %(now)s
WHERE id = %(id)s AND disabled_at IS NULL RETURNING id
"""
_ENABLE = """
UPDATE accounts SET disabled_at = NULL, one_time_hash = NULL, one_time_until = NULL
WHERE id = %(id)s AND disabled_at IS NOT NULL AND NOT roles && '{display,kiosk}' RETURNING id
"""
_EXISTS = "SELECT true FROM accounts WHERE id = %(id)s"
_ENDED = "SELECT id, generation FROM accounts WHERE sessions_ended_at > %(since)s"
# Only one worker makes the first key; the others wait here and then find it.
_LOCK_KEYS = "LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE"


async def signing_key_rows(pg: Connection) -> list[SigningKeyRow]:
    """All signing keys, by `signs_from`, latest first."""
    cursor = pg.cursor(row_factory=named(SigningKeyRow))
    await cursor.execute(_KEYS)
    return await cursor.fetchall()


async def lock_signing_keys(pg: Connection) -> None:
    """Keep others from adding keys until the transaction ends."""
    await pg.execute(_LOCK_KEYS)


async def add_signing_key(pg: Connection, key: SigningKeyRow) -> None:
    """Add a key."""
    await pg.execute(_ADD_KEY, key._asdict())


async def forget_signing_keys(pg: Connection, ended: datetime) -> None:
    """Delete the keys that are older than the one that was signing at time `ended`."""
    await pg.execute(_FORGET_KEYS, {"ended": ended})


async def account(pg: Connection, account_id: str) -> AccountRow | None:
    """One account, or None if it does not exist or is disabled."""
    cursor = pg.cursor(row_factory=named(AccountRow))
    await cursor.execute(_ACCOUNT, {"id": account_id})
    return await cursor.fetchone()


async def accounts_by_email(pg: Connection, emails: Sequence[str]) -> list[AccountRow]:
    """Those accounts that have one of the emails."""
    cursor = pg.cursor(row_factory=named(AccountRow))
    await cursor.execute(_ACCOUNTS_BY_EMAIL, {"emails": list(emails)})
    return await cursor.fetchall()


async def put_account(pg: Connection, row: AccountRow, now: datetime) -> str:
    """Add an account, or change the one with that email; its id."""
    # psycopg turns lists into arrays.
    lists = {"roles": list(row.roles), "clinic_ids": list(row.clinic_ids)}
    cursor = await pg.execute(_PUT_ACCOUNT, {**row._asdict(), **lists, "now": now})
    found = await cursor.fetchone()
    if found is None:
        raise AssertionError("an upsert returns its row")
    return str(found[0])


async def end_sessions(pg: Connection, account_id: str, now: datetime) -> int | None:
    """Raise the generation of an account, so that its present tokens are refused.

    The new one; None if there is no such account, or it is disabled.
    """
    found = await (await pg.execute(_END_SESSIONS, {"id": account_id, "now": now})).fetchone()
    return None if found is None else int(found[0])


async def disable(pg: Connection, account_id: str, now: datetime) -> bool:
    """Disable an account and its present tokens; False if it does not exist or is disabled already."""
    return await (await pg.execute(_DISABLE, {"id": account_id, "now": now})).fetchone() is not None


async def enable(pg: Connection, account_id: str) -> bool:
    """Enable a disabled account, but no display; False if there is no such account. Tokens that set passwords end."""
    return await (await pg.execute(_ENABLE, {"id": account_id})).fetchone() is not None


async def exists(pg: Connection, account_id: str) -> bool:
    """Whether there is an account, disabled or not."""
    return await (await pg.execute(_EXISTS, {"id": account_id})).fetchone() is not None


async def ended_since(pg: Connection, since: datetime) -> dict[str, int]:
    """The generations of accounts whose sessions were ended since then."""
    return dict(await (await pg.execute(_ENDED, {"since": since})).fetchall())
