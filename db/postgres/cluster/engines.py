"""The servers of one database, each with its pool: which is the primary now, and how far behind the others are."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import timedelta
from typing import NoReturn, Protocol

import structlog

from db.errors import Unavailable
from db.postgres.cluster.nodes import Node
from db.postgres.cluster.replication_lag import Progress
from db.postgres.cluster.state import single_hosts
from db.postgres.driver.pipeline import Connection, Sent
from db.postgres.driver.pool import Pool, lent

__all__ = ["Connection", "Engine", "Sent", "connection", "create_engine"]

FRESH_SECONDS = 1.0
CONFIRM_SECONDS = 2.5
"""For so long a write waits to learn whether the server that took it is still the primary."""
_FIND_SECONDS = 3.0
_STEP_SECONDS = 0.05
_SHARE_SECONDS = 0.5

_log = structlog.get_logger()


class Marks(Protocol):
    """What all processes know together: how far the primary was when a caller last wrote, and the newest epoch."""

    async def raise_to(self, caller_id: str, position: int) -> None:
        """Keep a caller's mark."""

    async def get(self, caller_id: str, within: float) -> int | None:
        """A caller's mark; 0 if it has written nothing in the last `within` seconds; None if that is not known."""

    async def share(self, epoch: int) -> int:
        """Tell the newest epoch that this process has seen; the newest that any has, as far as can be known."""


class Engine:
    """One server is taken for the primary; of several the primary is known while they are watched."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.nodes = nodes
        self.marks: Marks | None = None
        """Set, before the servers are watched, where callers read what they wrote from replicas."""
        self.clock_skew: timedelta | None = None
        """By how much this machine's clock is ahead of the database's; None until that is known."""
        self._primary = nodes[0]
        self._epoch = self._newest = 0
        """That of the primary, and the newest that anybody is known to have seen."""
        self._is_watched = False
        self._doubted_at = self._shared_at = 0.0
        self._progress = Progress()

    @property
    def primary(self) -> Node:
        """The primary, as far as is known."""
        return self._primary

    def primary_answers(self, now: float) -> bool:
        """Whether the primary has answered lately."""
        return self._takes_writes and now - self._primary.seen_at <= FRESH_SECONDS

    @property
    def is_primary_lost(self) -> bool:
        """Whether no server is known that takes writes in the newest epoch: the last one is dead, hangs, or is old."""
        return self._is_watched and not self._takes_writes

    @property
    def _takes_writes(self) -> bool:
        return self._primary.is_primary and self._primary.epoch >= self._newest

    def is_confirmed(self, node: Node) -> bool:
        """Whether a server that has just answered is surely the primary still.

        It has been heard of all the time; or, since it was heard of again, so have all others that answer, and the
        newest epoch that they know is its own. A standby is promoted when the primary has been silent for longer.
        """
        if not self._is_watched:
            return True
        since = self._doubted_at
        return (
            node is self._primary
            and self.primary_answers(time.monotonic())
            and (self.marks is None or self._shared_at >= since)
            and all(other.tried_at >= since for other in self.nodes)
        )

    async def confirm(self, node: Node) -> None:
        """Return once it is sure that a server that has answered is still the primary (Unavailable)."""
        deadline = time.monotonic() + CONFIRM_SECONDS
        while not self.is_confirmed(node):
            if node is not self._primary or time.monotonic() > deadline:
                raise Unavailable("the server that answered may no longer be the primary")
            await asyncio.sleep(_STEP_SECONDS)

    def lose_primary(self, why: str) -> None:
        """Note that the primary did not answer, until it does when asked again."""
        self._primary.lose(why)

    def replicas(self, now: float) -> list[Node]:
        """The standbys that have answered lately and follow the primary.

        One that still follows the primary before has an epoch before, and its positions mean nothing.
        """
        fresh = [node for node in self.nodes if node.is_standby and now - node.seen_at <= FRESH_SECONDS]
        return [node for node in fresh if node.epoch == self._newest]

    def lag(self, node: Node, now: float) -> float:
        """For how many seconds a replica has been behind the primary."""
        return self._progress.lag(node.position, now)

    def staleness(self, node: Node, now: float) -> float:
        """A replica has what was written longer ago than so many seconds."""
        return self._progress.staleness(node.position, now)

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Follow the state of the servers.

        Begins when all of them were asked, or have not answered in time: of two primaries one may be the wrong one.
        """
        self._doubted_at = time.monotonic()
        watching = [asyncio.create_task(node.watch(self._heard)) for node in self.nodes]
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(_FIND_SECONDS):
                    for node in self.nodes:
                        await node.asked.wait()
            await self._share()
            self._is_watched = True
            watching.append(asyncio.create_task(self._keep_sharing()))
            yield
        finally:
            self._is_watched = False
            for task in watching:
                task.cancel()
            await asyncio.wait(watching)

    def _heard(self, node: Node) -> None:
        self._learn(node.epoch)
        if not node.is_primary or node.epoch < self._newest:
            return
        if node is not self._primary and (node.epoch > self._epoch or not self._primary.is_primary):
            _log.warning("database primary changes", server=node.place, epoch=node.epoch)
            self._primary.pool.abandon()
            self._primary, self._progress = node, Progress()
        if node is self._primary:
            if node.epoch == self._epoch and node.seen_at - self._progress.polled_at > FRESH_SECONDS:
                # Nobody knows what happened meanwhile: the others are asked first.
                self._doubted_at = node.seen_at
            self._epoch = node.epoch
            self._progress.note(node.seen_at, node.position)

    def _learn(self, epoch: int) -> None:
        """Note that an epoch has begun. A server of one before must take no writes."""
        if epoch <= self._newest:
            return
        self._newest = epoch
        if 0 < self._epoch < epoch:
            self._primary.pool.abandon()

    async def _keep_sharing(self) -> NoReturn:
        while True:
            await asyncio.sleep(_SHARE_SECONDS)
            await self._share()

    async def _share(self) -> None:
        if self.marks:
            began = time.monotonic()
            newest = await self.marks.share(self._newest)
            if newest > max(node.epoch for node in self.nodes) and newest > self._newest:
                _log.error("database servers are of an old epoch and get no writes: see docs/data.md", newest=newest)
            self._learn(newest)
            self._shared_at = began

    async def dispose(self) -> None:
        """Close the connections that are idle."""
        for node in self.nodes:
            node.pool.dispose()


def create_engine(url: str, *, size: int, wait_seconds: float, application: str) -> Engine:
    """The servers at a postgresql:// URL, whose hosts may be several; at most `size` connections to each.

    None is opened yet.
    """
    return Engine(
        [
            Node(each, Pool(each, size=size, wait_seconds=wait_seconds, application=application))
            for each in single_hosts(url)
        ]
    )


def connection(engine: Engine) -> AbstractAsyncContextManager[Connection]:
    """Lend a connection to the primary; what is left undone in it is rolled back. Raises Saturated and Unavailable."""
    if engine.is_primary_lost:
        raise Unavailable("no primary answers")
    return lent(engine.primary.pool)
