"""One server of a database: its pool, and its state, which is polled."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import NoReturn

import psycopg
import structlog

from db.postgres.cluster import state
from db.postgres.cluster.state import StateRow, place
from db.postgres.driver.connections import open_connection
from db.postgres.driver.pipeline import Connection
from db.postgres.driver.pool import Pool

LOOK_SECONDS = 0.2
HUNG_SECONDS = 2.0
"""Seconds without an answer after which a server counts as lost, and those who wait for it get Unreachable."""

_log = structlog.get_logger()


class Node:
    """A server as this process knows it; `state` is None while it cannot be reached."""

    def __init__(self, url: str, pool: Pool) -> None:
        self.pool = pool
        self.place = place(url)
        """host:port, for logs and error texts."""
        self.state: StateRow | None = None
        self.system = ""
        """The identifier of its database system; empty until it has answered once."""
        self.seen_at = self.tried_at = 0.0
        """When the last answered question was asked, and when the last one of all was (monotonic seconds)."""
        self.asked = asyncio.Event()
        """Set once the first question was answered or has failed."""
        self._url = url

    @property
    def is_primary(self) -> bool:
        """Whether it took writes when it was last asked."""
        return self.state is not None and not self.state.is_standby

    @property
    def is_standby(self) -> bool:
        """Whether it followed a primary when it was last asked."""
        return self.state is not None and self.state.is_standby

    @property
    def position(self) -> int:
        """Its WAL position when it was last asked."""
        return self.state.position if self.state else 0

    @property
    def epoch(self) -> int:
        """Its epoch when it was last asked."""
        return self.state.epoch if self.state else 0

    def opened(self, application: str) -> AbstractAsyncContextManager[Connection]:
        """A connection to it beside the pool, for work that takes minutes; closed at the end."""
        return open_connection(self._url, application)

    async def watch(self, heard: Callable[["Node"], None]) -> NoReturn:
        """Ask the server for its state five times a second until cancelled; `heard` is called with each answer."""
        while True:
            began = time.monotonic()
            try:
                async with open_connection(self._url, "yoyaku-watch") as pg:
                    while True:
                        began = time.monotonic()
                        await self.look(pg)
                        heard(self)
                        self.asked.set()
                        await asyncio.sleep(LOOK_SECONDS)
            except (psycopg.Error, OSError, TimeoutError, LookupError) as error:
                self.lose(type(error).__name__)
                if isinstance(error, psycopg.errors.ConnectionTimeout):
                    self.pool.abandon()
                self.tried_at = began
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self, pg: Connection) -> None:
        """Ask once. Without an answer in time (TimeoutError), everyone who waits for the server gets Unreachable."""
        hung = asyncio.get_running_loop().call_later(HUNG_SECONDS, self._hang)
        try:
            async with asyncio.timeout(HUNG_SECONDS):
                # Taken before asking: the state may be newer than the time noted for it, never older.
                asked_at = time.monotonic()
                self.state = await state.raise_epoch_if_needed(pg)
                self.seen_at = self.tried_at = asked_at
                self.system = self.state.system
        finally:
            hung.cancel()

    def _hang(self) -> None:
        self.lose("it gives no answer")
        self.pool.abandon()

    def lose(self, why: str) -> None:
        """Note that the server cannot be reached, until it answers again."""
        if self.state is not None:
            _log.warning("database server lost", server=self.place, failure=why)
        self.state = None
        self.asked.set()
