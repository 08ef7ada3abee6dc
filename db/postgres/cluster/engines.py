"""The servers of one database, each with its pool: which one is the primary, and how far behind the others are."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import timedelta
from typing import NoReturn, Protocol

import structlog

from db.errors import Unreachable
from db.postgres.cluster.nodes import Node
from db.postgres.cluster.replication_lag import ReplayProgress
from db.postgres.cluster.state import single_hosts
from db.postgres.driver.pipeline import Connection, Sent
from db.postgres.driver.pool import Pool, lent

__all__ = ["Connection", "Engine", "Sent", "connection", "create_engine"]

FRESH_SECONDS = 1.0
CONFIRM_SECONDS = 2.5
"""Seconds that a write waits to learn whether the server that took it is still the primary."""
_FIND_SECONDS = 3.0
_STEP_SECONDS = 0.05
_SHARE_SECONDS = 0.5

_log = structlog.get_logger()


class Marks(Protocol):
    """What all processes share: the read mark of each caller, and the newest epoch."""

    async def raise_to(self, caller_id: str, position: int) -> None:
        """Raise a caller's mark to a position."""

    async def get(self, caller_id: str, within: float) -> int | None:
        """A caller's mark; 0 if the caller has written nothing in the last `within` seconds; None if unknown."""

    async def share(self, epoch: int, system: str) -> int:
        """Share the newest epoch that this process has seen of a database system; the newest one of all processes."""


class Engine:
    """The servers of a database. A single one counts as the primary; of several, `watched` finds the primary."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.nodes = nodes
        self.marks: Marks | None = None
        """Set before the servers are watched, if callers may read their own writes from replicas."""
        self.clock_skew: timedelta | None = None
        """How far this machine's clock is ahead of the database's; None until that is known."""
        self._primary = nodes[0]
        self._epoch = self._newest = 0
        """The primary's epoch, and the newest one that any process is known to have seen."""
        self._is_watched = False
        self._doubted_at = self._shared_at = 0.0
        self._progress = ReplayProgress()

    @property
    def primary(self) -> Node:
        """The primary, as far as known."""
        return self._primary

    def primary_answers(self, now: float) -> bool:
        """Whether the primary has answered recently."""
        return self._takes_writes and now - self._primary.seen_at <= FRESH_SECONDS

    @property
    def is_primary_lost(self) -> bool:
        """Whether no known server accepts writes in the newest epoch: the last one is dead, hangs, or is outdated."""
        return self._is_watched and not self._takes_writes

    @property
    def _takes_writes(self) -> bool:
        return self._primary.is_primary and self._primary.epoch >= self._newest

    def is_confirmed(self, node: Node) -> bool:
        """Whether a server that has just answered is certainly still the primary.

        Either it has answered without a break, or all other servers that answer have done so since it came back, and
        the newest epoch among them is its own. A standby is promoted only after a longer silence of the primary.
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
        """Return once it is certain that a server that has answered is still the primary (Unreachable)."""
        deadline = time.monotonic() + CONFIRM_SECONDS
        while not self.is_confirmed(node):
            if node is not self._primary or time.monotonic() > deadline:
                raise Unreachable("the server that answered may no longer be the primary")
            await asyncio.sleep(_STEP_SECONDS)

    def lose_primary(self, why: str) -> None:
        """Treat the primary as lost until it answers again."""
        self._primary.lose(why)

    def replicas(self, now: float) -> list[Node]:
        """The standbys that have answered recently and follow the primary.

        A standby that still follows an earlier primary has an older epoch, and its positions cannot be compared.
        """
        fresh = [node for node in self.nodes if node.is_standby and now - node.seen_at <= FRESH_SECONDS]
        return [node for node in fresh if node.epoch == self._newest]

    def lag(self, node: Node, now: float) -> float:
        """How many seconds a replica has been behind the primary."""
        return self._progress.lag(node.position, now)

    def staleness(self, node: Node, now: float) -> float:
        """Seconds: a replica has all writes older than this."""
        return self._progress.staleness(node.position, now)

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Poll the state of the servers while the block runs.

        The block begins once all servers have answered or timed out: of two that claim to be the primary, one is wrong.
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
            if self._epoch:
                _log.warning("database primary changes", server=node.place, epoch=node.epoch)
            self._primary.pool.abandon()
            self._primary, self._progress = node, ReplayProgress()
        if node is self._primary:
            if node.epoch == self._epoch and node.seen_at - self._progress.polled_at > FRESH_SECONDS:
                # A standby may have been promoted meanwhile: the other servers are asked first.
                self._doubted_at = node.seen_at
            self._epoch = node.epoch
            self._progress.note(node.seen_at, node.position)

    def _learn(self, epoch: int) -> None:
        """Record that an epoch has begun. A server of an older one must not be given writes."""
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
        system = next((node.system for node in self.nodes if node.system), "")
        if self.marks and system:  # which one it is, is unknown until the first server has answered
            began = time.monotonic()
            newest = await self.marks.share(self._newest, system)
            if newest > max(node.epoch for node in self.nodes) and newest > self._newest:
                _log.error("database servers are of an old epoch and get no writes: see docs/data.md", newest=newest)
            self._learn(newest)
            self._shared_at = began

    async def dispose(self) -> None:
        """Close all connections for good; those that are lent have a second to be given back."""
        await asyncio.gather(*(node.pool.close() for node in self.nodes))


def create_engine(url: str, *, size: int, wait_seconds: float, application: str) -> Engine:
    """The servers of a postgresql:// URL, which may list several hosts; at most `size` connections to each.

    No connection is opened yet.
    """
    return Engine(
        [
            Node(each, Pool(each, size=size, wait_seconds=wait_seconds, application=application))
            for each in single_hosts(url)
        ]
    )


def connection(engine: Engine) -> AbstractAsyncContextManager[Connection]:
    """Lend a connection to the primary; an unfinished transaction is rolled back. Raises Saturated and Unreachable."""
    if engine.is_primary_lost:
        raise Unreachable("no primary answers")
    return lent(engine.primary.pool)
