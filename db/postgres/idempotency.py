"""Requests that were answered: the first answer is given again to the same request (AIP-155)."""

from datetime import datetime, timedelta
from typing import NamedTuple

from db.postgres.cluster.engines import Connection, Sent
from db.postgres.driver.pipeline import named


class ClaimRow(NamedTuple):
    """What was asked, and what was answered if it was."""

    digest: bytes
    response: bytes | None


# A twin in flight makes the INSERT wait for its end. An answer that is too old is forgotten by taking its row over.
_CLAIM = """
INSERT INTO idempotency_keys AS k (caller_id, request_id, digest, response, created_at)
VALUES (%(caller_id)s, %(request_id)s, %(digest)s, NULL, %(now)s)
ON CONFLICT (caller_id, request_id) DO UPDATE
    SET digest = excluded.digest, response = NULL, created_at = excluded.created_at
    WHERE k.created_at < %(forgotten)s
RETURNING digest, response
"""
_FIRST = """
SELECT digest, response FROM idempotency_keys WHERE caller_id = %(caller_id)s AND request_id = %(request_id)s
"""
_ANSWER = """
UPDATE idempotency_keys SET response = %(response)s WHERE caller_id = %(caller_id)s AND request_id = %(request_id)s
"""
PURGED_TOGETHER = 1_000
_PURGE = f"""
DELETE FROM idempotency_keys WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM idempotency_keys WHERE created_at < %(forgotten)s
    ORDER BY created_at LIMIT {PURGED_TOGETHER} FOR UPDATE SKIP LOCKED))
RETURNING true
"""


async def claim(
    pg: Connection, caller_id: str, request_id: str, digest: bytes, *, now: datetime, kept: timedelta
) -> Sent[ClaimRow]:
    """Claim a request for this transaction, waiting for a twin in flight.

    No row if a twin has answered: `first` then has its answer, in a statement that sees what the twin committed.
    """
    cursor = pg.cursor(row_factory=named(ClaimRow))
    return await cursor.execute(
        _CLAIM,
        {"caller_id": caller_id, "request_id": request_id, "digest": digest, "now": now, "forgotten": now - kept},
    )


async def first(pg: Connection, caller_id: str, request_id: str) -> Sent[ClaimRow]:
    """What was asked and answered under a claim before."""
    cursor = pg.cursor(row_factory=named(ClaimRow))
    return await cursor.execute(_FIRST, {"caller_id": caller_id, "request_id": request_id})


async def answer(pg: Connection, caller_id: str, request_id: str, response: bytes) -> None:
    """Keep the answer of a claimed request; it counts once the transaction commits."""
    await pg.execute(_ANSWER, {"caller_id": caller_id, "request_id": request_id, "response": response})


async def purge(pg: Connection, *, now: datetime, kept: timedelta) -> int:
    """Delete at most PURGED_TOGETHER answers that are too old to be given again; how many there were."""
    cursor = await pg.execute(_PURGE, {"forgotten": now - kept})
    return len(await cursor.fetchall())
