"""Second factors of accounts: the secret of an authenticator app, and recovery codes."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from db.postgres.cluster.engines import Connection
from db.postgres.driver.pipeline import named


class SecondFactorRow(NamedTuple):
    """The second factor of an account; it counts once it is confirmed."""

    secret_encrypted: bytes
    created_at: datetime
    confirmed_at: datetime | None
    last_step: int
    """The newest time step whose code was used."""
    recovery_codes: int
    """How many are left."""


_ONE = """
SELECT secret_encrypted, created_at, confirmed_at, last_step,
    (SELECT count(*) FROM recovery_codes c WHERE c.account_id = f.account_id)
FROM second_factors f WHERE account_id = %(account_id)s
"""
_PUT = """
INSERT INTO second_factors AS f (account_id, secret_encrypted, created_at, last_step)
VALUES (%(account_id)s, %(secret_encrypted)s, %(now)s, 0)
ON CONFLICT (account_id) DO UPDATE
    SET secret_encrypted = excluded.secret_encrypted, created_at = excluded.created_at, last_step = 0
    WHERE f.confirmed_at IS NULL
RETURNING true
"""
_CONFIRM = """
UPDATE second_factors SET confirmed_at = %(now)s, last_step = %(step)s
WHERE account_id = %(account_id)s AND confirmed_at IS NULL AND secret_encrypted = %(secret_encrypted)s RETURNING true
"""
_USE_STEP = """
UPDATE second_factors SET last_step = %(step)s
WHERE account_id = %(account_id)s AND confirmed_at IS NOT NULL AND secret_encrypted = %(secret_encrypted)s
    AND last_step < %(step)s
RETURNING true
"""
_USE_CODE = """
DELETE FROM recovery_codes WHERE account_id = %(account_id)s AND code_hash = %(code_hash)s RETURNING true
"""
_REMOVE_CODES = "DELETE FROM recovery_codes WHERE account_id = %(account_id)s"
_ADD_CODES = """
INSERT INTO recovery_codes SELECT account_id, unnest(%(hashes)s::bytea[])
FROM second_factors WHERE account_id = %(account_id)s AND confirmed_at IS NOT NULL
"""
_REMOVE = "DELETE FROM second_factors WHERE account_id = %(account_id)s RETURNING confirmed_at IS NOT NULL"


async def one(pg: Connection, account_id: str) -> SecondFactorRow | None:
    """The second factor of an account, confirmed or not."""
    cursor = pg.cursor(row_factory=named(SecondFactorRow))
    await cursor.execute(_ONE, {"account_id": account_id})
    return await cursor.fetchone()


async def put(pg: Connection, account_id: str, secret_encrypted: bytes, now: datetime) -> bool:
    """Store a secret that is still to be confirmed, in place of one like it; False if one is confirmed already."""
    values = {"account_id": account_id, "secret_encrypted": secret_encrypted, "now": now}
    return await (await pg.execute(_PUT, values)).fetchone() is not None


async def confirm(pg: Connection, account_id: str, secret_encrypted: bytes, step: int, now: datetime) -> bool:
    """Make a secret count, by the code of a time step; False if it is another by now, or confirmed already."""
    values = {"account_id": account_id, "secret_encrypted": secret_encrypted, "step": step, "now": now}
    return await (await pg.execute(_CONFIRM, values)).fetchone() is not None


async def use_step(pg: Connection, account_id: str, secret_encrypted: bytes, step: int) -> bool:
    """Use up the codes of a time step and of those before; False if that was done before."""
    values = {"account_id": account_id, "secret_encrypted": secret_encrypted, "step": step}
    return await (await pg.execute(_USE_STEP, values)).fetchone() is not None


async def use_recovery_code(pg: Connection, account_id: str, code_hash: bytes) -> bool:
    """Use up a recovery code; False if there is none with this hash."""
    values = {"account_id": account_id, "code_hash": code_hash}
    return await (await pg.execute(_USE_CODE, values)).fetchone() is not None


async def put_recovery_codes(pg: Connection, account_id: str, hashes: Sequence[bytes]) -> None:
    """Replace the recovery codes of an account, if it has a confirmed second factor."""
    await pg.execute(_REMOVE_CODES, {"account_id": account_id})
    await pg.execute(_ADD_CODES, {"account_id": account_id, "hashes": list(hashes)})


async def remove(pg: Connection, account_id: str) -> bool:
    """Remove the second factor of an account, with its recovery codes; False if none was confirmed."""
    found = await (await pg.execute(_REMOVE, {"account_id": account_id})).fetchone()
    return found is not None and bool(found[0])
