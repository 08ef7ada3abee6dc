"""What psycopg and psycopg_pool offer where a call reaches the database, in the shape that our code asks for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any

import psycopg
import psycopg_pool
from psycopg.pq import TransactionStatus
from psycopg.types.string import TextLoader

from db.errors import Saturated
from db.postgres.driver.connections import CONNECT_SECONDS, SESSION_OPTIONS
from db.postgres.driver.pipeline import Connection, Values
from db.postgres.driver.placeholders import array
from db.postgres.driver.sockets import Socket

_LIFE_SECONDS = 30 * 60
_MOST_WAITING = 1_000


class Cursor:
    """A psycopg cursor; a list is an array whatever its elements are."""

    def __init__(self, cursor: psycopg.AsyncCursor[Any]) -> None:
        self._cursor = cursor
        self.fetchone, self.fetchall = cursor.fetchone, cursor.fetchall

    async def execute(self, statement: str | bytes, values: Values | None = None) -> "Cursor":
        """Send a statement, which is prepared when it comes for the first time."""
        text = statement.encode() if isinstance(statement, str) else statement
        await self._cursor.execute(text, _with_arrays(values), prepare=True)
        return self


def _with_arrays(values: Values | None) -> Any:
    if isinstance(values, dict):
        return {name: array(value) if type(value) is list else value for name, value in values.items()}
    return values and [array(value) if type(value) is list else value for value in values]


class PsycopgConnection:
    """`db.postgres.driver.pipeline.Connection` by psycopg's own cursors and pipeline."""

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self.psycopg = connection
        connection.prepared_max = 500
        self._socket = Socket(connection.fileno())
        self.is_quiet = self._socket.is_quiet
        self.close = connection.pgconn.finish

    def pipeline(self) -> AbstractAsyncContextManager[Any]:
        """Hold statements back."""
        return self.psycopg.pipeline()

    def cursor(self, *, row_factory: Any) -> Cursor:
        """A statement to execute."""
        return Cursor(self.psycopg.cursor(row_factory=row_factory))

    async def execute(self, statement: str | bytes, values: Values | None = None) -> Cursor:
        """Send a statement whose rows are tuples."""
        return await Cursor(self.psycopg.cursor()).execute(statement, values)

    async def settle(self) -> TransactionStatus:
        """The state that the connection is in; psycopg's pipelines settle at their end."""
        return self.psycopg.info.transaction_status


class _Lent:
    """A connection of psycopg_pool's, and what our code takes for one."""

    def __init__(self, made: psycopg.AsyncConnection[Any], connection: Connection) -> None:
        self.made = made
        self.connection = connection


class PsycopgPool:
    """`db.postgres.driver.pool.Pool` by psycopg_pool, which lends our connections."""

    def __init__(self, url: str, *, size: int, wait_seconds: float, application: str, checking: bool = False) -> None:
        self._ours: dict[psycopg.AsyncConnection[Any], Connection] = {}
        options = {"autocommit": True, "options": SESSION_OPTIONS, "application_name": application}
        self._pool: psycopg_pool.AsyncConnectionPool[psycopg.AsyncConnection[Any]]
        self._pool = psycopg_pool.AsyncConnectionPool(
            url,
            kwargs=options | {"connect_timeout": CONNECT_SECONDS},
            min_size=1,
            max_size=size,
            open=False,
            configure=self._configure,
            check=self._check if checking else None,
            timeout=wait_seconds,
            max_waiting=_MOST_WAITING,
            max_lifetime=_LIFE_SECONDS,
        )

    async def _configure(self, made: psycopg.AsyncConnection[Any]) -> None:
        made.adapters.register_loader("uuid", TextLoader)
        self._ours[made] = Connection(made)

    async def _check(self, made: psycopg.AsyncConnection[Any]) -> None:
        # As AsyncConnectionPool.check_connection; a socket that our pipeline watches can have no other reader.
        await self._ours[made].execute("SELECT 1")

    async def borrow(self, wait_seconds: float | None = None) -> _Lent:
        """Lend a connection (Saturated)."""
        if self._pool.closed:
            await self._pool.open()
        try:
            made = await self._pool.getconn(wait_seconds)
        except (psycopg_pool.PoolTimeout, psycopg_pool.TooManyRequests):
            raise Saturated("no database connection came free") from None
        return _Lent(made, self._ours[made])

    async def give_back(self, lent: _Lent) -> None:
        """Take it back."""
        await self._pool.putconn(lent.made)

    def dispose(self) -> None:
        """Close what is idle."""
        self._closing = asyncio.create_task(self._pool.close())


CheckingPsycopgPool = partial(PsycopgPool, checking=True)
"""With a statement that shows whether the server is there, as the library does it."""


@asynccontextmanager
async def psycopg_connection(url: str) -> AsyncIterator[PsycopgConnection]:
    """One connection."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True, options=SESSION_OPTIONS) as made:
        yield PsycopgConnection(made)
