"""Unconfirmed new email addresses and phone numbers: at most one of each kind per patient."""

from datetime import datetime
from typing import NamedTuple

from db.postgres.cluster.engines import Connection
from db.postgres.driver.pipeline import named


class ContactChangeRow(NamedTuple):
    """A change that is not confirmed yet."""

    id: str
    """Also the id of the notice that carries the code."""
    patient_id: str
    kind: str
    """`email` or `phone`."""
    value: str
    expires_at: datetime
    representative_ids: list[str]
    """Who acted for the patient when it was asked for: it ends with the first of them."""


class CodeEntry(NamedTuple):
    """Who enters a code, and for which patient."""

    patient_id: str
    account_id: str
    by_patient: bool


class SentCounts(NamedTuple):
    """How many notices about contact data were requested since an instant."""

    to_recipient: int
    for_patient: int


_COLUMNS = ", ".join(ContactChangeRow._fields)
_OF_ENDINGS = """
SELECT DISTINCT patient_id FROM contact_changes
WHERE (representative_ids <> '{}' OR expires_at < %(now)s) AND patient_id > %(after_id)s
ORDER BY patient_id LIMIT %(limit)s
"""
_OF_PATIENT = f"SELECT {_COLUMNS} FROM contact_changes WHERE patient_id = %(patient_id)s"
_DROP = "DELETE FROM contact_changes WHERE patient_id = %(patient_id)s AND kind = %(kind)s"
_ADD = f"""
INSERT INTO contact_changes ({_COLUMNS}, tries)
VALUES (%(id)s, %(patient_id)s, %(kind)s, %(value)s, %(expires_at)s, %(representative_ids)s::uuid[], 0)
"""
_SET_CODE = "UPDATE contact_changes SET code_hash = %(code_hash)s, link_hash = %(link_hash)s WHERE id = %(id)s"
# One statement, which locks the changes before it counts.
_COUNT_TRY = """
WITH changes AS (
    UPDATE contact_changes SET tries = tries + CASE WHEN %(by_patient)s THEN 0 ELSE 1 END
    WHERE patient_id = %(patient_id)s RETURNING id)
INSERT INTO contact_tries AS made (change_id, account_id, tries) SELECT id, %(account_id)s, 1 FROM changes
ON CONFLICT (change_id, account_id) DO UPDATE SET tries = made.tries + 1
"""
_BY_CODE = f"""
SELECT {_COLUMNS} FROM contact_changes
WHERE patient_id = %(patient_id)s AND code_hash = %(code_hash)s AND expires_at > %(now)s
    AND (%(by_patient)s OR tries <= %(all_tries)s) AND %(tries)s >= (
        SELECT tries FROM contact_tries WHERE change_id = contact_changes.id AND account_id = %(account_id)s)
"""
_BY_LINK = f"""
SELECT {_COLUMNS} FROM contact_changes WHERE id = %(id)s AND link_hash = %(link_hash)s AND expires_at > %(now)s
"""
_LOCK_RECIPIENT = "SELECT pg_advisory_xact_lock(hashtextextended(%(recipient)s, 1))"
_SENT = """
SELECT count(*) FILTER (WHERE recipient = %(recipient)s), count(*) FILTER (WHERE patient_id = %(patient_id)s)
FROM notifications
WHERE (recipient = %(recipient)s OR patient_id = %(patient_id)s) AND patient_id IS NOT NULL AND kind = %(kind)s
    AND created_at > %(since)s
"""
_DROP_ONE = "DELETE FROM contact_changes WHERE id = %(id)s"


async def drop(pg: Connection, patient_id: str, kind: str) -> None:
    """Delete the unconfirmed change of a kind."""
    await pg.execute(_DROP, {"patient_id": patient_id, "kind": kind})


async def drop_one(pg: Connection, change_id: str) -> None:
    """Delete a change."""
    await pg.execute(_DROP_ONE, {"id": change_id})


async def of_patient(pg: Connection, patient_id: str) -> list[ContactChangeRow]:
    """The unconfirmed changes of a patient, also those that have expired."""
    cursor = pg.cursor(row_factory=named(ContactChangeRow))
    await cursor.execute(_OF_PATIENT, {"patient_id": patient_id})
    return await cursor.fetchall()


async def patients_of_endings(pg: Connection, after_id: str, *, now: datetime, limit: int) -> list[str]:
    """The next patients, by id, with a change that was not confirmed in time or ends with who acted for them."""
    cursor = await pg.execute(_OF_ENDINGS, {"after_id": after_id, "now": now, "limit": limit})
    return [str(row[0]) for row in await cursor.fetchall()]


async def add(pg: Connection, row: ContactChangeRow) -> None:
    """Store a change; it gets its code when the notice with the code is sent."""
    await pg.execute(_ADD, row._asdict())


async def set_code(pg: Connection, change_id: str, code_hash: bytes, link_hash: bytes | None) -> None:
    """Set the code of a change, and the token of its link if it has one; they replace earlier ones."""
    await pg.execute(_SET_CODE, {"id": change_id, "code_hash": code_hash, "link_hash": link_hash})


async def by_link(pg: Connection, change_id: str, link_hash: bytes, now: datetime) -> ContactChangeRow | None:
    """The change with a link, unless it has expired."""
    cursor = pg.cursor(row_factory=named(ContactChangeRow))
    await cursor.execute(_BY_LINK, {"id": change_id, "link_hash": link_hash, "now": now})
    return await cursor.fetchone()


async def count_try(pg: Connection, by: CodeEntry) -> None:
    """Count an attempt to enter a code, for all unconfirmed changes of a patient."""
    await pg.execute(_COUNT_TRY, by._asdict())


async def by_code(
    pg: Connection, by: CodeEntry, code_hash: bytes, *, tries: int, all_tries: int, now: datetime
) -> ContactChangeRow | None:
    """The change with a code, unless it has expired or had too many attempts.

    `tries` is how many the account may make, this counted one included; `all_tries` how many all accounts may make
    together that are not the patient's.
    """
    cursor = pg.cursor(row_factory=named(ContactChangeRow))
    limits = {"tries": tries, "all_tries": all_tries, "now": now}
    await cursor.execute(_BY_CODE, {**by._asdict(), "code_hash": code_hash, **limits})
    return await cursor.fetchone()


async def lock_recipient(pg: Connection, recipient: str) -> None:
    """Keep others from requesting notices to a recipient until the transaction ends."""
    await pg.execute(_LOCK_RECIPIENT, {"recipient": recipient})


async def sent(pg: Connection, recipient: str, patient_id: str, kind: str, since: datetime) -> SentCounts:
    """How many notices of a kind were requested since then."""
    values = {"recipient": recipient, "patient_id": patient_id, "kind": kind, "since": since}
    found = await (await pg.execute(_SENT, values)).fetchone() or (0, 0)
    return SentCounts(*found)
