"""Connection pools. SQLAlchemy owns them; statements run on the psycopg connections inside."""

import select
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import sqlalchemy.exc
from psycopg.adapt import Loader
from psycopg.pq import TransactionStatus
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from db.errors import Saturated, Unavailable

Engine = AsyncEngine
"""A pool of connections to one server."""

Connection = psycopg.AsyncConnection[tuple[Any, ...]]
"""A psycopg connection in autocommit mode; transactions are opened by db.postgres.transaction."""

Sent = psycopg.AsyncCursor
"""A statement on its way: what is sent before the first fetch travels in one round trip (pipeline mode)."""

_CONNECT_SECONDS = 3
_LIFE_SECONDS = 30 * 60
_SESSION = "-c statement_timeout=5000 -c lock_timeout=4000 -c idle_in_transaction_session_timeout=10000 -c timezone=UTC"


class _UuidText(Loader):
    """Leaves a uuid the text that it is on the wire."""

    def load(self, data: bytes | bytearray | memoryview) -> str:
        return bytes(data).decode()


def create_engine(url: str, *, size: int, wait_seconds: float, application: str) -> Engine:
    """A pool of at most `size` connections to the server at a postgresql:// URL; none is opened yet."""
    engine = create_async_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1),
        isolation_level="AUTOCOMMIT",
        pool_size=size,
        max_overflow=0,
        pool_timeout=wait_seconds,
        pool_recycle=_LIFE_SECONDS,
        pool_reset_on_return=None,
        connect_args={"options": _SESSION, "connect_timeout": _CONNECT_SECONDS, "application_name": application},
    )
    event.listen(engine.sync_engine, "connect", _configure)
    event.listen(engine.sync_engine, "checkout", _refuse_dead)
    return engine


@asynccontextmanager
async def connection(engine: Engine) -> AsyncIterator[Connection]:
    """Lend a connection.

    One that is left broken or inside a transaction is rolled back or thrown away. Raises Saturated and Unavailable.
    """
    try:
        lent = await engine.connect()
    except sqlalchemy.exc.TimeoutError:
        raise Saturated("no database connection came free") from None
    except sqlalchemy.exc.DBAPIError as error:
        raise Unavailable(type(error.orig).__name__) from None
    try:
        pg: Connection = (await lent.get_raw_connection()).driver_connection  # type: ignore[assignment]
        try:
            yield pg
        finally:
            if not await _is_clean(pg):
                await lent.invalidate()
    finally:
        await lent.close()


async def _is_clean(pg: Connection) -> bool:
    status = pg.pgconn.transaction_status
    if status in {TransactionStatus.INTRANS, TransactionStatus.INERROR}:
        try:
            await pg.execute("ROLLBACK")
        except psycopg.Error:
            return False
        status = pg.pgconn.transaction_status
    return status == TransactionStatus.IDLE


def _configure(adapted: Any, _: ConnectionPoolEntry) -> None:  # SQLAlchemy types it so
    adapted.driver_connection.adapters.register_loader("uuid", _UuidText)


def _refuse_dead(adapted: Any, _entry: ConnectionPoolEntry, _proxy: object) -> None:
    # An idle connection has nothing to read, unless its server has gone: then all of the pool are dead.
    pg: Connection = adapted.driver_connection
    if pg.closed or _readable(pg.fileno()):
        raise sqlalchemy.exc.InvalidatePoolError


def _readable(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN | select.POLLHUP | select.POLLERR)
    return bool(poll.poll(0))
