"""Single sessions that ended before their access tokens did."""

from datetime import datetime

from db.postgres.cluster.engines import Connection

# Ended again if it could be refreshed meanwhile: from the last time on, since its newest access token is younger.
_ADD = """
INSERT INTO ended_sessions (id, ended_at) VALUES (%(id)s, %(now)s) ON CONFLICT (id) DO UPDATE SET ended_at = %(now)s
"""
_SINCE = "SELECT id FROM ended_sessions WHERE ended_at > %(since)s"
_PURGE = "DELETE FROM ended_sessions WHERE ended_at < %(before)s"


async def add(pg: Connection, session_id: str, now: datetime) -> None:
    """Have the access tokens of a session refused."""
    await pg.execute(_ADD, {"id": session_id, "now": now})


async def since(pg: Connection, since: datetime) -> frozenset[str]:
    """The sessions that were ended since then."""
    cursor = await pg.execute(_SINCE, {"since": since})
    return frozenset(str(row[0]) for row in await cursor.fetchall())


async def purge(pg: Connection, before: datetime) -> None:
    """Forget those that were ended before then."""
    await pg.execute(_PURGE, {"before": before})
