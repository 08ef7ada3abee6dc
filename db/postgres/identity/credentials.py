"""The credentials that displays and hospital systems have instead of a password."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from db.postgres.cluster.engines import Connection
from db.postgres.driver.pipeline import named
from db.postgres.identity.accounts import COLUMNS, AccountRow


class DisplayRow(NamedTuple):
    """A display, as staff know it."""

    id: str
    name: str
    clinic_ids: Sequence[str]
    """The clinic where it hangs comes first."""
    created_at: datetime
    role: str


_ADD = """
INSERT INTO credentials (secret_hash, account_id, name, certificate_name, created_at)
VALUES (%(secret_hash)s, %(account_id)s, %(name)s, %(certificate_name)s, %(now)s)
"""
_HOLDERS = f"""
SELECT {COLUMNS} FROM credentials c JOIN accounts ON accounts.id = c.account_id WHERE accounts.disabled_at IS NULL
"""
_HOLDER = f"{_HOLDERS} AND c.secret_hash = %(secret_hash)s"
_CERTIFIED = f"{_HOLDERS} AND c.certificate_name = %(certificate_name)s"
_TAKE_BACK_NAME = """
UPDATE credentials c SET certificate_name = NULL FROM accounts a
WHERE c.certificate_name = %(certificate_name)s AND a.id = c.account_id AND a.disabled_at IS NOT NULL
"""
_DISPLAYS = """
SELECT a.id, c.name, a.clinic_ids, c.created_at, a.roles[1]
FROM credentials c JOIN accounts a ON a.id = c.account_id
WHERE a.roles && '{display,kiosk}'
"""
_OF_CLINIC = f"""{_DISPLAYS}
    AND a.clinic_ids @> ARRAY[%(clinic_id)s::uuid] AND a.disabled_at IS NULL ORDER BY c.name, a.id
"""
_ONE = f"{_DISPLAYS} AND a.id = %(account_id)s"


async def add(
    pg: Connection, secret_hash: bytes, account_id: str, name: str, now: datetime, certificate_name: str | None = None
) -> None:
    """Give an account its credential.

    ConstraintViolated credentials_pkey if another account has it, credentials_certificate_unique if one has the name.
    """
    values = {"secret_hash": secret_hash, "account_id": account_id, "name": name, "now": now}
    await pg.execute(_ADD, values | {"certificate_name": certificate_name})


async def holder(pg: Connection, secret_hash: bytes) -> AccountRow | None:
    """The account with a credential, or None if there is none or it is disabled."""
    cursor = pg.cursor(row_factory=named(AccountRow))
    await cursor.execute(_HOLDER, {"secret_hash": secret_hash})
    return await cursor.fetchone()


async def certified(pg: Connection, certificate_name: str) -> AccountRow | None:
    """The account with the name of a certificate, or None if there is none or it is disabled."""
    cursor = pg.cursor(row_factory=named(AccountRow))
    await cursor.execute(_CERTIFIED, {"certificate_name": certificate_name})
    return await cursor.fetchone()


async def take_back_certificate_name(pg: Connection, certificate_name: str) -> None:
    """Let another account have the name, if the one that has it is disabled."""
    await pg.execute(_TAKE_BACK_NAME, {"certificate_name": certificate_name})


async def displays(pg: Connection, clinic_id: str) -> list[DisplayRow]:
    """The displays that show a clinic and are not revoked, by name."""
    cursor = pg.cursor(row_factory=named(DisplayRow))
    await cursor.execute(_OF_CLINIC, {"clinic_id": clinic_id})
    return await cursor.fetchall()


async def display(pg: Connection, account_id: str) -> DisplayRow | None:
    """One display, revoked or not, or None."""
    cursor = pg.cursor(row_factory=named(DisplayRow))
    await cursor.execute(_ONE, {"account_id": account_id})
    return await cursor.fetchone()
