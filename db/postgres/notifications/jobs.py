"""The job queue as its workers use it: procrastinate on our connections."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from procrastinate import PsycopgConnector
from psycopg_pool import AsyncConnectionPool

from db.postgres.driver.connections import CONNECT_SECONDS, PEER_LOST, SESSION_OPTIONS

# A queue is either empty or long, and its statistics never show which: with a plan made for an empty one, every fetch
# of the next job would read and sort all jobs.
_NEXT_JOB_BY_INDEX = "-c enable_bitmapscan=off -c enable_sort=off -c enable_seqscan=off"


@asynccontextmanager
async def queue(url: str, *, size: int, wait_seconds: float, application: str) -> AsyncIterator[PsycopgConnector]:
    """At most `size` connections to the queue in the database of a postgresql:// URL, which may list several hosts.

    The database may be down: until it is up, using the queue raises procrastinate's ConnectorException.
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
            # Of several hosts, the one that is the primary when it connects.
            "target_session_attrs": "read-write",
        },
    )
    async with pool:
        connector = PsycopgConnector()
        await connector.open_async(pool)
        yield connector
