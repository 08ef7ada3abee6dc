"""Unconfirmed new email addresses and phone numbers: at most one of each kind per patient."""

from datetime import datetime
from typing import NamedTuple

from psycopg.rows import args_row

from db.postgres.cluster.engines import Connection


class ContactChangeRow(NamedTuple):
    """A change that is not confirmed yet."""

    id: str
    """Also the id of the notice that carries the code."""
    patient_id: str
    kind: str
    """`email` or `phone`."""
    value: str
    expires_at: datetime


class SentCounts(NamedTuple):
    """How many notices about contact data were requested since an instant."""

    to_recipient: int
    for_patient: int


_COLUMNS = ", ".join(ContactChangeRow._fields)
_DROP = "DELETE FROM contact_changes WHERE patient_id = %(patient_id)s AND kind = %(kind)s"
_ADD = f"""
INSERT INTO contact_changes ({_COLUMNS}, tries)
VALUES ({", ".join(f"%({name})s" for name in ContactChangeRow._fields)}, 0)
"""
_SET_CODE = "UPDATE contact_changes SET code_hash = %(code_hash)s WHERE id = %(id)s"
_COUNT_TRY = "UPDATE contact_changes SET tries = tries + 1 WHERE patient_id = %(patient_id)s"
_BY_CODE = f"""
SELECT {_COLUMNS} FROM contact_changes
WHERE patient_id = %(patient_id)s AND code_hash = %(code_hash)s AND tries <= %(tries)s AND expires_at > %(now)s
"""
_LOCK_RECIPIENT = "SELECT pg_advisory_xact_lock(hashtextextended(%(recipient)s, 1))"
_SENT = """
SELECT count(*) FILTER (WHERE recipient = %(recipient)s), count(*) FILTER (WHERE patient_id = %(patient_id)s)
FROM notifications
WHERE (recipient = %(recipient)s OR patient_id = %(patient_id)s) AND patient_id IS NOT NULL AND kind = %(kind)s
    AND created_at > %(since)s
"""
_FORGET = "DELETE FROM contact_changes WHERE expires_at < %(now)s"


async def drop(pg: Connection, patient_id: str, kind: str) -> None:
    """Delete the unconfirmed change of a kind."""
    await pg.execute(_DROP, {"patient_id": patient_id, "kind": kind})


async def add(pg: Connection, row: ContactChangeRow) -> None:
    """Store a change; it gets its code when the notice with the code is sent."""
    await pg.execute(_ADD, row._asdict())


async def set_code(pg: Connection, change_id: str, code_hash: bytes) -> None:
    """Set the code of a change, which replaces an earlier code."""
    await pg.execute(_SET_CODE, {"id": change_id, "code_hash": code_hash})


async def count_try(pg: Connection, patient_id: str) -> None:
    """Count an attempt to enter a code, for all unconfirmed changes of a patient."""
    await pg.execute(_COUNT_TRY, {"patient_id": patient_id})


async def by_code(
    pg: Connection, patient_id: str, code_hash: bytes, *, tries: int, now: datetime
) -> ContactChangeRow | None:
    """The change with a code, unless it has expired or had too many attempts."""
    cursor = pg.cursor(row_factory=args_row(ContactChangeRow))
    await cursor.execute(_BY_CODE, {"patient_id": patient_id, "code_hash": code_hash, "tries": tries, "now": now})
    return await cursor.fetchone()


async def lock_recipient(pg: Connection, recipient: str) -> None:
    """Keep others from requesting notices to a recipient until the transaction ends."""
    await pg.execute(_LOCK_RECIPIENT, {"recipient": recipient})


async def sent(pg: Connection, recipient: str, patient_id: str, kind: str, since: datetime) -> SentCounts:
    """How many notices of a kind were requested since then."""
    values = {"recipient": recipient, "patient_id": patient_id, "kind": kind, "since": since}
    found = await (await pg.execute(_SENT, values)).fetchone() or (0, 0)
    return SentCounts(*found)


async def forget(pg: Connection, now: datetime) -> None:
    """Delete the changes that were not confirmed in time."""
    await pg.execute(_FORGET, {"now": now})
