"""The servers of one database, each with its pool: which is the primary now, and how far behind the others are."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Protocol

import structlog

from db.postgres.cluster.nodes import Node
from db.postgres.cluster.replication_lag import Progress
from db.postgres.cluster.state import single_hosts
from db.postgres.driver.pipeline import Connection, Sent
from db.postgres.driver.pool import Pool, lent

__all__ = ["Connection", "Engine", "Sent", "connection", "create_engine"]

FRESH_SECONDS = 1.0
_FIND_SECONDS = 3.0

_log = structlog.get_logger()


class Marks(Protocol):
    """Where it is kept how far the primary was when a caller last wrote."""

    async def raise_to(self, caller_id: str, position: int) -> None:
        """Keep a caller's mark."""

    async def get(self, caller_id: str) -> int | None:
        """A caller's mark, 0 if there is none; None if that is not known."""


class Engine:
    """One server is taken for the primary; of several the primary is known while they are watched."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.nodes = nodes
        self.marks: Marks | None = None
        """Set where callers read what they wrote from replicas."""
        self._primary = nodes[0]
        self._epoch = 0
        self._progress = Progress()

    @property
    def primary(self) -> Pool:
        """The pool on the primary, as far as is known."""
        return self._primary.pool

    def primary_answers(self, now: float) -> bool:
        """Whether the primary has answered lately."""
        return self._primary.is_primary and now - self._primary.seen_at <= FRESH_SECONDS

    @property
    def is_primary_lost(self) -> bool:
        """Whether the primary, having been found, did not answer when last asked."""
        return self._epoch > 0 and self._primary.state is None

    def lose_primary(self, why: str) -> None:
        """Note that the primary did not answer, until it does when asked again."""
        self._primary.lose(why)

    def replicas(self, now: float) -> list[Node]:
        """The standbys that have answered lately and follow the primary.

        One that still follows the primary before has an epoch before, and its positions mean nothing.
        """
        fresh = [node for node in self.nodes if node.is_standby and now - node.seen_at <= FRESH_SECONDS]
        epoch = self._epoch or max((node.epoch for node in fresh), default=0)
        return [node for node in fresh if node.epoch == epoch]

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
        watching = [asyncio.create_task(node.watch(self._heard)) for node in self.nodes]
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(_FIND_SECONDS):
                    for node in self.nodes:
                        await node.asked.wait()
            yield
        finally:
            for task in watching:
                task.cancel()
            await asyncio.wait(watching)

    def _heard(self, node: Node) -> None:
        if not node.is_primary or node.epoch < self._epoch:
            return
        if node is not self._primary and (node.epoch > self._epoch or not self._primary.is_primary):
            _log.warning("database primary changes", server=node.place, epoch=node.epoch)
            self._primary.pool.abandon()
            self._primary, self._progress = node, Progress()
        if node is self._primary:
            self._epoch = node.epoch
            self._progress.note(node.seen_at, node.position)

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
    return lent(engine.primary)
