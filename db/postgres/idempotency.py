"""Answered requests: a repeated request gets the first answer again (AIP-155)."""

from datetime import datetime, timedelta
from typing import NamedTuple

from db.postgres.cluster.engines import Connection, Sent
from db.postgres.driver.pipeline import named


class ClaimRow(NamedTuple):
    """What was asked, and the answer if there is one yet."""

    digest: bytes
    response: bytes | None


# If the same request is running at the same time, the INSERT waits for it to end. The row of an answer that has expired
# is taken over.
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
    """Claim a request for this transaction; waits while the same request is running in another one.

    No row if the other one has answered: `first` then returns that answer, since a later statement sees its commit.
    """
    cursor = pg.cursor(row_factory=named(ClaimRow))
    return await cursor.execute(
        _CLAIM,
        {"caller_id": caller_id, "request_id": request_id, "digest": digest, "now": now, "forgotten": now - kept},
    )


async def first(pg: Connection, caller_id: str, request_id: str) -> Sent[ClaimRow]:
    """What was asked and answered when the request was claimed before."""
    cursor = pg.cursor(row_factory=named(ClaimRow))
    return await cursor.execute(_FIRST, {"caller_id": caller_id, "request_id": request_id})


async def answer(pg: Connection, caller_id: str, request_id: str, response: bytes) -> None:
    """Store the answer of a claimed request; it takes effect when the transaction commits."""
    await pg.execute(_ANSWER, {"caller_id": caller_id, "request_id": request_id, "response": response})


async def purge(pg: Connection, *, now: datetime, kept: timedelta) -> int:
    """Delete at most PURGED_TOGETHER expired answers; how many there were."""
    cursor = await pg.execute(_PURGE, {"forgotten": now - kept})
    return len(await cursor.fetchall())
