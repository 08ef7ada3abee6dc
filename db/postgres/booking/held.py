"""Holds: how many an account has, and those that have run out."""

from collections.abc import Sequence
from datetime import datetime

from db.postgres.cluster.engines import Connection, Sent

_LOCK_ACCOUNT = "SELECT pg_advisory_xact_lock(hashtextextended('holds of ' || %(held_by)s::text, 0))"
_COUNT = """
SELECT count(*) FROM appointments WHERE status = 'held' AND held_by = %(held_by)s AND held_until > %(now)s
"""
_TOGETHER = 100
_ENDED = f"""
SELECT id FROM appointments WHERE status = 'held' AND held_until <= %(now)s ORDER BY held_until, id LIMIT {_TOGETHER}
"""


async def count_of(pg: Connection, account_id: str, now: datetime) -> Sent[tuple[int]]:
    """How many holds an account has; it makes no other until the transaction ends."""
    await pg.execute(_LOCK_ACCOUNT, {"held_by": account_id})
    return await pg.execute(_COUNT, {"held_by": account_id, "now": now})


async def ended(pg: Connection, now: datetime) -> Sequence[str]:
    """The ids of holds that have run out, at most a hundred, the oldest first."""
    return [found for (found,) in await (await pg.execute(_ENDED, {"now": now})).fetchall()]
