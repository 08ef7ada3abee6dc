"""Registrations that wait for the code from the mail."""

from datetime import date, datetime
from typing import NamedTuple

from db.postgres.cluster.engines import Connection
from db.postgres.driver.pipeline import named


class RegistrationRow(NamedTuple):
    """Somebody who registers."""

    id: str
    """Also the id of the notice that carries the code."""
    email: str
    password_hash: str
    name: str
    birth_date: date
    language: str
    expires_at: datetime


_COLUMNS = ", ".join(RegistrationRow._fields)
_ADD = f"""
INSERT INTO registrations ({_COLUMNS}) VALUES ({", ".join(f"%({name})s" for name in RegistrationRow._fields)})
"""
_SET_CODE = "UPDATE registrations SET code_hash = %(code_hash)s WHERE id = %(id)s"
_COUNT_TRY = "UPDATE registrations SET tries = tries + 1 WHERE id = %(id)s"
_TAKE = f"""
DELETE FROM registrations
WHERE id = %(id)s AND code_hash = %(code_hash)s AND tries <= %(tries)s AND expires_at > %(now)s
RETURNING {_COLUMNS}
"""
# Nobody has confirmed these addresses, so they are forgotten with their notices.
_FORGET = """
WITH gone AS (DELETE FROM registrations WHERE expires_at <= %(now)s RETURNING id)
DELETE FROM notifications WHERE id IN (SELECT id FROM gone)
"""


async def add(pg: Connection, row: RegistrationRow) -> None:
    """Add a registration, still without a code."""
    await pg.execute(_ADD, row._asdict())


async def set_code(pg: Connection, registration_id: str, code_hash: bytes) -> None:
    """Store the hash of the code that was sent; it replaces an earlier one."""
    await pg.execute(_SET_CODE, {"id": registration_id, "code_hash": code_hash})


async def count_try(pg: Connection, registration_id: str) -> None:
    """Count an attempt to enter the code."""
    await pg.execute(_COUNT_TRY, {"id": registration_id})


async def take(
    pg: Connection, registration_id: str, code_hash: bytes, *, tries: int, now: datetime
) -> RegistrationRow | None:
    """Remove the registration with this code, unless it has expired or had more attempts than `tries`."""
    cursor = pg.cursor(row_factory=named(RegistrationRow))
    await cursor.execute(_TAKE, {"id": registration_id, "code_hash": code_hash, "tries": tries, "now": now})
    return await cursor.fetchone()


async def forget(pg: Connection, now: datetime) -> None:
    """Delete the registrations that were not confirmed in time."""
    await pg.execute(_FORGET, {"now": now})
