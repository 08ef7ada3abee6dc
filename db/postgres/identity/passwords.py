"""Passwords, and the one-time tokens that set them."""

from datetime import datetime
from typing import NamedTuple

from psycopg.rows import args_row

from db.postgres.cluster.engines import Connection
from db.postgres.identity.accounts import COLUMNS, AccountRow


class SignInRow(NamedTuple):
    """An account with its password hash, as both were when they were read."""

    account: AccountRow
    password_hash: str | None


_ADD = """
INSERT INTO accounts (id, email, roles, clinic_ids, all_clinics, patient_id, doctor_id, created_at)
VALUES (%(id)s, %(email)s, %(roles)s, %(clinic_ids)s::uuid[], %(all_clinics)s, %(patient_id)s, %(doctor_id)s, %(now)s)
"""
_ID_BY_EMAIL = "SELECT id FROM accounts WHERE email = %(email)s"
_LOCK_INVITED = """
SELECT id FROM accounts
WHERE email = %(email)s AND %(role)s = ANY(roles) AND password_hash IS NULL AND disabled_at IS NULL FOR NO KEY UPDATE
"""
_SIGN_IN = f"SELECT password_hash, {COLUMNS} FROM accounts WHERE disabled_at IS NULL"
_BY_EMAIL = f"{_SIGN_IN} AND email = %(email)s"
_BY_ID = f"{_SIGN_IN} AND id = %(account_id)s AND email IS NOT NULL"
_REPLACE_HASH = """
UPDATE accounts SET password_hash = %(new)s WHERE id = %(account_id)s AND password_hash = %(old)s
"""
_REMOVE = """
UPDATE accounts SET password_hash = NULL, one_time_hash = NULL, one_time_until = NULL WHERE id = %(account_id)s
"""
_SET_FIRST = "UPDATE accounts SET password_hash = %(new)s WHERE id = %(account_id)s AND password_hash IS NULL"
_PUT_TOKEN = """
UPDATE accounts SET one_time_hash = %(secret_hash)s, one_time_until = %(until)s WHERE id = %(account_id)s
"""
_OFFERED = """
id = %(account_id)s AND one_time_hash = %(secret_hash)s AND one_time_until > %(now)s AND disabled_at IS NULL
"""
_OFFERED_TO = f"SELECT email FROM accounts WHERE {_OFFERED}"
_NAMES_OF = """
SELECT name FROM clinics WHERE id IN (SELECT unnest(clinic_ids) FROM accounts WHERE id = %(account_id)s LIMIT 20)
UNION ALL SELECT name FROM patients WHERE id = (SELECT patient_id FROM accounts WHERE id = %(account_id)s)
UNION ALL SELECT practitioners.name FROM practitioners JOIN doctors ON doctors.practitioner_id = practitioners.id
    WHERE doctors.id = (SELECT doctor_id FROM accounts WHERE id = %(account_id)s)
"""
_NEW = """
password_hash = %(new)s, one_time_hash = NULL, one_time_until = NULL,
    generation = generation + 1, sessions_ended_at = %(now)s
"""
_TAKE = f"UPDATE accounts SET {_NEW} WHERE {_OFFERED} RETURNING true"
_CHANGE = f"""
UPDATE accounts SET {_NEW} WHERE id = %(account_id)s AND password_hash = %(old)s AND disabled_at IS NULL
RETURNING generation
"""


async def add(pg: Connection, row: AccountRow, now: datetime) -> None:
    """Add an account (ConstraintViolated accounts_email_unique, accounts_patient_fkey, accounts_doctor_fkey)."""
    lists = {"roles": list(row.roles), "clinic_ids": list(row.clinic_ids)}
    await pg.execute(_ADD, {**row._asdict(), **lists, "now": now})


async def id_by_email(pg: Connection, email: str) -> str | None:
    """The account with an email, disabled or not, or None."""
    found = await (await pg.execute(_ID_BY_EMAIL, {"email": email})).fetchone()
    return None if found is None else str(found[0])


async def lock_invited(pg: Connection, email: str, role: str) -> str | None:
    """The account with an email and a role that has no password; it gets none until the transaction ends."""
    found = await (await pg.execute(_LOCK_INVITED, {"email": email, "role": role})).fetchone()
    return None if found is None else str(found[0])


async def by_email(pg: Connection, email: str) -> SignInRow | None:
    """The account that signs in with an email, unless it is disabled."""
    cursor = pg.cursor(row_factory=args_row(_sign_in))
    await cursor.execute(_BY_EMAIL, {"email": email})
    return await cursor.fetchone()


async def by_id(pg: Connection, account_id: str) -> SignInRow | None:
    """An account that signs in with an email, unless it is disabled."""
    cursor = pg.cursor(row_factory=args_row(_sign_in))
    await cursor.execute(_BY_ID, {"account_id": account_id})
    return await cursor.fetchone()


async def replace_hash(pg: Connection, account_id: str, *, old: str, new: str) -> None:
    """Store a new hash of the same password, unless the password was changed meanwhile."""
    await pg.execute(_REPLACE_HASH, {"account_id": account_id, "old": old, "new": new})


async def remove(pg: Connection, account_id: str) -> None:
    """Remove an account's password, and the token that would set one."""
    await pg.execute(_REMOVE, {"account_id": account_id})


async def set_first(pg: Connection, account_id: str, new: str) -> None:
    """Set the password of a new account."""
    await pg.execute(_SET_FIRST, {"account_id": account_id, "new": new})


async def put_token(pg: Connection, account_id: str, secret_hash: bytes, until: datetime) -> None:
    """Store the token that sets an account's password until then; it replaces an earlier one."""
    await pg.execute(_PUT_TOKEN, {"account_id": account_id, "secret_hash": secret_hash, "until": until})


async def offered_to(pg: Connection, account_id: str, secret_hash: bytes, now: datetime) -> str | None:
    """The email of the account whose password a token may set now, or None."""
    values = {"account_id": account_id, "secret_hash": secret_hash, "now": now}
    found = await (await pg.execute(_OFFERED_TO, values)).fetchone()
    return None if found is None else found[0]


async def names_of(pg: Connection, account_id: str) -> list[str]:
    """The names of an account's patient or doctor, and of its clinics, at most twenty."""
    cursor = await pg.execute(_NAMES_OF, {"account_id": account_id})
    return [row[0] for row in await cursor.fetchall()]


async def take_offer(pg: Connection, account_id: str, secret_hash: bytes, *, new: str, now: datetime) -> bool:
    """Set the password with a token, which ends the token and all sessions; False if the token is not valid."""
    values = {"account_id": account_id, "secret_hash": secret_hash, "new": new, "now": now}
    return await (await pg.execute(_TAKE, values)).fetchone() is not None


async def change_password(pg: Connection, account_id: str, *, old: str, new: str, now: datetime) -> int | None:
    """Replace one hash by another, which ends all sessions; the new generation, None if the old hash is gone."""
    values = {"account_id": account_id, "old": old, "new": new, "now": now}
    found = await (await pg.execute(_CHANGE, values)).fetchone()
    return None if found is None else int(found[0])


def _sign_in(password_hash: str | None, *account: object) -> SignInRow:
    return SignInRow(AccountRow(*account), password_hash)  # type: ignore[arg-type]  # the columns of AccountRow
