"""Pools of connections: who waits for one, which of them can still be lent, and how long they live."""

import asyncio
import os
import select
import socket
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import psycopg
import structlog
from psycopg.pq import ConnStatus, TransactionStatus
from psycopg.types.string import TextLoader

from db.errors import Saturated, Unavailable
from db.postgres.pipeline import Connection

CONNECT_SECONDS = 3
_LIFE_SECONDS = 30 * 60
SESSION = "-c statement_timeout=5000 -c lock_timeout=4000 -c idle_in_transaction_session_timeout=10000 -c timezone=UTC"

PEER_LOST: dict[str, Any] = {
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""A server that goes without a word, with its machine or its network, is noticed within about twenty seconds."""
LEAK_SECONDS = 60.0

_log = structlog.get_logger()


class Pool:
    """A pool of at most `size` connections to one server; one that is free is lent before another is made."""

    def __init__(self, url: str, *, size: int, wait_seconds: float, application: str) -> None:
        self._url = url
        self._application = application
        self._wait_seconds = wait_seconds
        self._permits = asyncio.Semaphore(size)
        self._idle: deque[_Pooled] = deque()
        self._lent: set[_Pooled] = set()

    async def borrow(self, wait_seconds: float | None = None) -> "_Pooled":
        """A connection that is there, as far as its socket shows, to be returned (Saturated, Unavailable)."""
        await self._permit(wait_seconds or self._wait_seconds)
        try:
            while self._idle:
                pooled = self._idle.pop()
                if pooled.is_usable():
                    break
                pooled.close()
            else:
                pooled = await self._connect()
        except BaseException:
            self._permits.release()
            raise
        self._lent.add(pooled)
        pooled.lend()
        return pooled

    async def give_back(self, pooled: "_Pooled") -> None:
        """Take a connection back; one that is broken or inside a transaction is rolled back or thrown away."""
        clean = False
        self._lent.discard(pooled)
        pooled.leak_warning.cancel()
        try:
            clean = await pooled.is_clean()
        finally:
            if clean:
                self._idle.append(pooled)
            else:
                if pooled.is_lost:
                    # Its server has gone, and so have the others, which may not show it yet.
                    self.dispose()
                pooled.close()
            self._permits.release()

    def abandon(self) -> None:
        """Cut all connections: whoever waits for the server, which may hang, is told that it is lost."""
        for pooled in self._lent:
            pooled.cut()
        self.dispose()

    def dispose(self) -> None:
        """Close what is idle."""
        while self._idle:
            self._idle.pop().close()

    async def _permit(self, wait_seconds: float) -> None:
        if not self._permits.locked():
            await self._permits.acquire()
            return
        try:
            async with asyncio.timeout(wait_seconds):
                await self._permits.acquire()
        except TimeoutError:
            raise Saturated("no database connection came free") from None

    async def _connect(self) -> "_Pooled":
        try:
            return _Pooled(await _connect(self._url, self._application))
        except psycopg.Error as error:
            raise Unavailable(type(error).__name__) from None


@asynccontextmanager
async def lent(pool: Pool, *, wait_seconds: float | None = None) -> AsyncIterator[Connection]:
    """Lend a connection; what is left undone in it is rolled back. Raises Saturated and Unavailable."""
    pooled = await pool.borrow(wait_seconds)
    try:
        yield pooled.connection
    finally:
        await pool.give_back(pooled)


@asynccontextmanager
async def open_connection(url: str, application: str, *, statement_seconds: int = 5) -> AsyncIterator[Connection]:
    """A connection of one's own, closed at the end. Raises psycopg's errors."""
    made = await _connect(url, application, f"{SESSION} -c statement_timeout={statement_seconds}s")
    connection = Connection(made)
    try:
        yield connection
    finally:
        connection.close()


async def _connect(url: str, application: str, options: str = SESSION) -> psycopg.AsyncConnection[Any]:
    made = await psycopg.AsyncConnection.connect(
        url,
        autocommit=True,
        options=options,
        connect_timeout=CONNECT_SECONDS,
        application_name=application,
        **PEER_LOST,
    )
    # A uuid stays the text that it is on the wire.
    made.adapters.register_loader("uuid", TextLoader)
    return made


class _Pooled:
    """A connection and its age."""

    def __init__(self, made: psycopg.AsyncConnection) -> None:
        self.connection = Connection(made)
        self._psycopg = made
        self._ends = time.monotonic() + _LIFE_SECONDS
        self._socket = select.poll()
        self._socket.register(made.fileno(), select.POLLIN)

    def is_usable(self) -> bool:
        # An idle connection has nothing to read, unless its server has gone.
        return not self._psycopg.closed and time.monotonic() < self._ends and not self._socket.poll(0)

    def lend(self) -> None:
        """Note who has it; if that lasts for a minute, a line in the log tells where."""
        loop, borrower = asyncio.get_running_loop(), asyncio.current_task()
        self.leak_warning = loop.call_later(LEAK_SECONDS, _warn_of_leak, borrower)

    def cut(self) -> None:
        """Let whoever reads from the socket find its end."""
        if not self._psycopg.closed:
            with suppress(OSError), socket.socket(fileno=os.dup(self._psycopg.fileno())) as twin:
                twin.shutdown(socket.SHUT_RDWR)

    @property
    def is_lost(self) -> bool:
        return self._psycopg.pgconn.status == ConnStatus.BAD

    async def is_clean(self) -> bool:
        status = await self.connection.settle()
        if status in {TransactionStatus.INTRANS, TransactionStatus.INERROR}:
            try:
                await self.connection.execute("ROLLBACK")
            except psycopg.Error:
                return False
            status = await self.connection.settle()
        return status == TransactionStatus.IDLE

    def close(self) -> None:
        self.connection.close()


def _warn_of_leak(borrower: "asyncio.Task[object] | None") -> None:
    frames = borrower.get_stack() if borrower else []
    places = [f"{frame.f_code.co_filename}:{frame.f_lineno}" for frame in frames]
    _log.warning("database connection not returned", seconds=LEAK_SECONDS, borrower=places or "a task that has ended")
