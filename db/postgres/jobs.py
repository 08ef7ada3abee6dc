"""The queue of jobs, as its workers see it: procrastinate on connections of ours."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from procrastinate import PsycopgConnector
from psycopg_pool import AsyncConnectionPool

from db.postgres.driver.pool import CONNECT_SECONDS, PEER_LOST, SESSION_OPTIONS

# A queue is empty or long, and its statistics never say which: planned for an empty one, every look for the next job
# would read and sort them all.
_NEXT_JOB_BY_INDEX = "-c enable_bitmapscan=off -c enable_sort=off -c enable_seqscan=off"


@asynccontextmanager
async def queue(url: str, *, size: int, wait_seconds: float, application: str) -> AsyncIterator[PsycopgConnector]:
    """At most `size` connections to the queue in the database at a postgresql:// URL, whose hosts may be several.

    It need not be there: whatever uses the queue raises procrastinate's ConnectorException until it is.
    """
    pool = AsyncConnectionPool(
        url,
        min_size=1,
        max_size=size,
        timeout=wait_seconds,
        open=False,
        kwargs={
            "options": f"{SESSION_OPTIONS} {_NEXT_JOB_BY_INDEX}",
            "connect_timeout": CONNECT_SECONDS,
            "application_name": application,
            **PEER_LOST,
            # Of several hosts the primary, whichever that is by then.
            "target_session_attrs": "read-write",
        },
    )
    async with pool:
        connector = PsycopgConnector()
        await connector.open_async(pool)
        yield connector
