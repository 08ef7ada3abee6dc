"""Connection pools: who waits for a connection, which connections can still be lent, and how long they live.

Our own pool hardly saves CPU: with psycopg_pool a list costs the same and a booking 3 to 12 % more, which is near the
noise (`make bench PART=database`). It exists for server failures: callers get Unreachable at once, whereas
psycopg_pool lets them wait for their full timeout and then looks saturated (ADR 5).
"""

import asyncio
import os
import socket
import time
from collections import deque
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from types import TracebackType

import psycopg
import structlog
from psycopg.pq import ConnStatus, TransactionStatus

from db.errors import Saturated, Unreachable
from db.postgres.driver.connections import connect
from db.postgres.driver.pipeline import Connection
from db.timeouts import Timeouts

_LIFE_SECONDS = 30 * 60
LEAK_SECONDS = 60.0
FAREWELL_SECONDS = 1.0
"""For the cancelled work that still rolls back when a pool is closed."""

_log = structlog.get_logger()


class Pool:
    """A pool of at most `size` connections to one server; a free connection is lent before a new one is opened."""

    def __init__(self, url: str, *, size: int, wait_seconds: float, application: str) -> None:
        self.size = size
        self._url = url
        self._application = application
        self._wait_seconds = wait_seconds
        self._permits = asyncio.Semaphore(size)
        self._waits = Timeouts(_saturated)
        self._waiting = self._cuts = 0
        self._is_closed = False
        self._idle: deque[_Pooled] = deque()
        self._lent: dict[_Pooled, _Loan] = {}
        self._leak_watch: asyncio.TimerHandle | None = None

    @property
    def usage(self) -> tuple[int, int, int]:
        """How many connections are lent, how many are idle, and how many borrowers wait."""
        return len(self._lent), len(self._idle), self._waiting

    async def borrow(self, wait_seconds: float | None = None) -> "_Pooled":
        """A connection that is alive, as far as its socket shows; it must be given back (Saturated, Unreachable)."""
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
            # Granted at once: no timer is needed.
            await self._permits.acquire()
            return
        self._waiting += 1
        try:
            await self._waits.within(wait_seconds, self._permits.acquire())
        finally:
            self._waiting -= 1

    async def give_back(self, pooled: "_Pooled") -> None:
        """Take a connection back; one that is broken or inside a transaction is rolled back or thrown away."""
        clean = False
        self._lent.pop(pooled, None)
        try:
            clean = await pooled.is_clean()
        finally:
            if clean and not self._is_closed:
                self._idle.append(pooled)
            else:
                if pooled.is_lost:
                    # Its server is gone, so the other connections are dead too, even if they do not show it yet.
                    self.dispose()
                pooled.close()
            self._permits.release()

    def abandon(self) -> None:
        """Cut all connections, so that everyone who waits for the server or for a connection fails with Unreachable."""
        self._cuts += 1
        for pooled in self._lent:
            pooled.cut()
        self.dispose()

    async def close(self) -> None:
        """Close all connections for good: whoever wants one now gets Unreachable.

        Those that are lent are waited for, and cut after a second: a task that was cancelled still rolls back.
        """
        self._is_closed = True
        self.dispose()
        if not await self._all_given_back():
            self.abandon()
            await self._all_given_back()

    async def _all_given_back(self) -> bool:
        taken = 0
        try:
            async with asyncio.timeout(FAREWELL_SECONDS):
                while taken < self.size:
                    await self._permits.acquire()
                    taken += 1
        except TimeoutError:
            return False
        finally:
            for _ in range(taken):
                self._permits.release()
        return True

    def dispose(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()

    def _watch_for_leaks(self, seconds: float) -> None:
        self._leak_watch = asyncio.get_running_loop().call_later(seconds, self._warn_of_leaks)

    def _warn_of_leaks(self) -> None:
        """Log each connection that has been lent for a minute, once; check again when the next one reaches a minute."""
        self._leak_watch = None
        now, waiting = time.monotonic(), [loan for loan in self._lent.values() if not loan.logged]
        for loan in waiting:
            loan.logged = now - loan.since >= LEAK_SECONDS
            if loan.logged:
                _log.warning("database connection not returned", seconds=LEAK_SECONDS, borrower=loan.places())
        if still := [loan.since for loan in waiting if not loan.logged]:
            self._watch_for_leaks(min(still) + LEAK_SECONDS - now)

    async def _connect(self, cuts: int) -> "_Pooled":
        try:
            made = _Pooled(await connect(self._url, self._application))
        except psycopg.Error as error:
            raise Unreachable(type(error).__name__) from None
        try:
            self._check(cuts)
        except Unreachable:
            made.close()
            raise
        return made

    def _check(self, cuts: int) -> None:
        if self._is_closed or cuts != self._cuts:
            raise Unreachable("the server was abandoned meanwhile")


def _saturated() -> Saturated:
    return Saturated("no database connection became free")


class _LentConnection:
    """Lends a connection while it is entered; a generator would cost every statement some microseconds."""

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
    """Lend a connection; an unfinished transaction in it is rolled back. Raises Saturated and Unreachable."""
    return _LentConnection(pool, wait_seconds)


class _Pooled:
    """A connection and its age."""

    def __init__(self, made: psycopg.AsyncConnection) -> None:
        self.connection = Connection(made)
        self._psycopg = made
        self._ends = time.monotonic() + _LIFE_SECONDS

    def is_usable(self) -> bool:
        return not self._psycopg.closed and time.monotonic() < self._ends and self.connection.is_quiet()

    def cut(self) -> None:
        """Shut the socket down, so that whoever reads from it sees its end."""
        if not self._psycopg.closed:
            with suppress(OSError), socket.socket(fileno=os.dup(self._psycopg.fileno())) as twin:
                twin.shutdown(socket.SHUT_RDWR)

    @property
    def is_lost(self) -> bool:
        return self._psycopg.pgconn.status == ConnStatus.BAD

    async def is_clean(self) -> bool:
        status = await self.connection.settle()
        if status == TransactionStatus.IDLE:
            return True
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
    """Since when a connection has been lent, and to whom."""

    since: float
    borrower: "asyncio.Task[object] | None"
    logged: bool = False
    """Whether the log already says that this takes long."""

    def places(self) -> list[str] | str:
        """Where the borrower's code is now."""
        frames = self.borrower.get_stack() if self.borrower else []
        return [f"{frame.f_code.co_filename}:{frame.f_lineno}" for frame in frames] or "a task that has ended"
