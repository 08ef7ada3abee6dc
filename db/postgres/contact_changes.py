"""New addresses and numbers of patients that wait to be confirmed: one of a kind for a patient."""

from datetime import datetime
from typing import NamedTuple

from psycopg.rows import args_row

from db.postgres.cluster.engines import Connection


class ContactChangeRow(NamedTuple):
    """A change that waits."""

    id: str
    """Of the notice that carries its code, too."""
    patient_id: str
    kind: str
    """`email` or `phone`."""
    value: str
    expires_at: datetime


class SentCounts(NamedTuple):
    """How many notices about contacts were asked for since an instant."""

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
    """Forget what waits of a kind."""
    await pg.execute(_DROP, {"patient_id": patient_id, "kind": kind})


async def add(pg: Connection, row: ContactChangeRow) -> None:
    """Have a change wait; it has no code until the notice with it is sent."""
    await pg.execute(_ADD, row._asdict())


async def set_code(pg: Connection, change_id: str, code_hash: bytes) -> None:
    """Give a change its code, in place of the one before."""
    await pg.execute(_SET_CODE, {"id": change_id, "code_hash": code_hash})


async def count_try(pg: Connection, patient_id: str) -> None:
    """Count that a code is tried, for all that waits for a patient."""
    await pg.execute(_COUNT_TRY, {"patient_id": patient_id})


async def by_code(
    pg: Connection, patient_id: str, code_hash: bytes, *, tries: int, now: datetime
) -> ContactChangeRow | None:
    """What waits for a code, unless more than so many were tried or its time is over."""
    cursor = pg.cursor(row_factory=args_row(ContactChangeRow))
    await cursor.execute(_BY_CODE, {"patient_id": patient_id, "code_hash": code_hash, "tries": tries, "now": now})
    return await cursor.fetchone()


async def lock_recipient(pg: Connection, recipient: str) -> None:
    """Keep others from asking for notices to a recipient until the transaction ends."""
    await pg.execute(_LOCK_RECIPIENT, {"recipient": recipient})


async def sent(pg: Connection, recipient: str, patient_id: str, kind: str, since: datetime) -> SentCounts:
    """How many notices of a kind were asked for since then."""
    values = {"recipient": recipient, "patient_id": patient_id, "kind": kind, "since": since}
    found = await (await pg.execute(_SENT, values)).fetchone() or (0, 0)
    return SentCounts(*found)


async def forget(pg: Connection, now: datetime) -> None:
    """Forget what was not confirmed in time."""
    await pg.execute(_FORGET, {"now": now})
