"""Pools of connections: who waits for one, which of them can still be lent, and how long they live.

It hardly saves CPU: with psycopg_pool a list costs the same, a booking 3 to 12 % more, which is near the noise (`make
bench PART=database`). It is here for what happens when a server goes: a caller is told Unavailable at once, where
psycopg_pool lets callers wait for their whole time and then looks saturated (ADR 5).
"""

import asyncio
import os
import socket
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import psycopg
import structlog
from psycopg.pq import ConnStatus, TransactionStatus
from psycopg.types.string import TextLoader

from db.errors import Saturated, Unavailable
from db.postgres.driver.pipeline import Connection

CONNECT_SECONDS = 2
"""A dying server may still seem to listen. Two tries fit into the deadline of a call, which then says what is lost."""
_LIFE_SECONDS = 30 * 60
SESSION_OPTIONS = " ".join(
    (
        "-c statement_timeout=5000 -c lock_timeout=4000 -c idle_in_transaction_session_timeout=10000 -c timezone=UTC",
        # Statements are planned once, whatever their values: planning was a quarter of a booking to the database.
        # tests/db/test_plans.py looks at these plans too.
        "-c plan_cache_mode=force_generic_plan",
    )
)

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
        self.size = size
        self._url = url
        self._application = application
        self._wait_seconds = wait_seconds
        self._permits = asyncio.Semaphore(size)
        self._waiting = self._cuts = 0
        self._idle: deque[_Pooled] = deque()
        self._lent: dict[_Pooled, _Loan] = {}
        self._leak_watch: asyncio.TimerHandle | None = None

    @property
    def usage(self) -> tuple[int, int, int]:
        """How many connections are lent, how many are idle, and how many borrowers wait."""
        return len(self._lent), len(self._idle), self._waiting

    async def borrow(self, wait_seconds: float | None = None) -> "_Pooled":
        """A connection that is there, as far as its socket shows, to be returned (Saturated, Unavailable)."""
        cuts = self._cuts
        await self._permit(wait_seconds or self._wait_seconds)
        try:
            self._check(cuts)
            while self._idle:
                pooled = self._idle.pop()
                if pooled.is_usable():
                    break
                pooled.close()
            else:
                pooled = await self._connect(cuts)
        except BaseException:
            self._permits.release()
            raise
        self._lent[pooled] = _Loan(time.monotonic(), asyncio.current_task())
        if self._leak_watch is None:
            self._watch_for_leaks(LEAK_SECONDS)
        return pooled

    async def _permit(self, wait_seconds: float) -> None:
        """Wait for one of `size` permits, first come first served (Saturated)."""
        if not self._permits.locked():
            # Comes at once: no timer needed.
            await self._permits.acquire()
            return
        self._waiting += 1
        try:
            async with asyncio.timeout(wait_seconds):
                await self._permits.acquire()
        except TimeoutError:
            raise Saturated("no database connection became free") from None
        finally:
            self._waiting -= 1

    async def give_back(self, pooled: "_Pooled") -> None:
        """Take a connection back; one that is broken or inside a transaction is rolled back or thrown away."""
        clean = False
        self._lent.pop(pooled, None)
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
        """Cut all connections: whoever waits for the server or for one of them is told that it is lost."""
        self._cuts += 1
        for pooled in self._lent:
            pooled.cut()
        self.dispose()

    def dispose(self) -> None:
        """Close what is idle."""
        while self._idle:
            self._idle.pop().close()

    def _watch_for_leaks(self, seconds: float) -> None:
        self._leak_watch = asyncio.get_running_loop().call_later(seconds, self._warn_of_leaks)

    def _warn_of_leaks(self) -> None:
        """Tell once of each connection that has been lent for a minute; look again when the next one will have been."""
        self._leak_watch = None
        now, waiting = time.monotonic(), [loan for loan in self._lent.values() if not loan.told]
        for loan in waiting:
            loan.told = now - loan.since >= LEAK_SECONDS
            if loan.told:
                _log.warning("database connection not returned", seconds=LEAK_SECONDS, borrower=loan.places())
        if still := [loan.since for loan in waiting if not loan.told]:
            self._watch_for_leaks(min(still) + LEAK_SECONDS - now)

    async def _connect(self, cuts: int) -> "_Pooled":
        try:
            made = _Pooled(await _connect(self._url, self._application))
        except psycopg.Error as error:
            raise Unavailable(type(error).__name__) from None
        try:
            self._check(cuts)
        except Unavailable:
            made.close()
            raise
        return made

    def _check(self, cuts: int) -> None:
        if cuts != self._cuts:
            raise Unavailable("the server was abandoned meanwhile")


class _Lending:
    """A connection for as long as it is entered; a generator would cost every statement some microseconds."""

    __slots__ = ("_pool", "_pooled", "_wait_seconds")

    def __init__(self, pool: Pool, wait_seconds: float | None) -> None:
        self._pool = pool
        self._wait_seconds = wait_seconds

    async def __aenter__(self) -> Connection:
        self._pooled = await self._pool.borrow(self._wait_seconds)
        return self._pooled.connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._pool.give_back(self._pooled)


def lent(pool: Pool, *, wait_seconds: float | None = None) -> AbstractAsyncContextManager[Connection]:
    """Lend a connection; what is left undone in it is rolled back. Raises Saturated and Unavailable."""
    return _Lending(pool, wait_seconds)


@asynccontextmanager
async def open_connection(url: str, application: str, *, statement_seconds: int = 5) -> AsyncIterator[Connection]:
    """A connection of one's own, closed at the end. Raises psycopg's errors."""
    made = await _connect(url, application, f"{SESSION_OPTIONS} -c statement_timeout={statement_seconds}s")
    connection = Connection(made)
    try:
        yield connection
    finally:
        connection.close()


async def _connect(url: str, application: str, options: str = SESSION_OPTIONS) -> psycopg.AsyncConnection[Any]:
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

    def is_usable(self) -> bool:
        return not self._psycopg.closed and time.monotonic() < self._ends and self.connection.is_quiet()

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


@dataclass(slots=True)
class _Loan:
    """Since when a connection is lent, and to whom."""

    since: float
    borrower: "asyncio.Task[object] | None"
    told: bool = False
    """Whether the log has it that this takes long."""

    def places(self) -> list[str] | str:
        """Where the borrower is now."""
        frames = self.borrower.get_stack() if self.borrower else []
        return [f"{frame.f_code.co_filename}:{frame.f_lineno}" for frame in frames] or "a task that has ended"
