"""Shared reads: callers that ask for the same key at the same time wait for one read instead of doing one each."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from contextvars import Context
from typing import Generic, TypeVar

from db.postgres.cluster.engines import Engine
from db.postgres.cluster.routing import ReadMarkContext, for_nobody, may_be_told

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class SingleFlight(Generic[K, T]):
    """Shares reads by key.

    A shared read begins after everyone who shares it has asked, so each sees what was committed before it asked:

        A asks              read 1 begins, and sees what is committed now
        B asks, C asks      they wait for read 2: read 1 may lack a write that B or C must see
        read 1 ends         A gets its result; read 2 begins, for B and C together

    A read belongs to no particular caller: the read mark or deadline of one does not affect the others. What a replica
    answered while the primary was unreachable goes only to callers whose own writes it has, marked as stale for each.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._next: dict[K, _Flight[T]] = {}
        self._running: dict[K, _Flight[T]] = {}

    async def do(self, key: K, load: Callable[[], Awaitable[T]]) -> T:
        """The result of `load`, which another caller may have started; raises what `load` raises."""
        flight = self._next.get(key)
        if flight is None:
            flight = self._next[key] = _Flight()
            flight.task = asyncio.create_task(self._fly(key, load), context=Context())
        value, context = await self._ride(key, flight)
        if not await may_be_told(self._engine, context):
            return await load()
        return value

    async def _ride(self, key: K, flight: "_Flight[T]") -> tuple[T, ReadMarkContext]:
        flight.riders += 1
        try:
            # A caller that gives up leaves the read running for the others; the last one to give up cancels it.
            return await asyncio.shield(flight.task)
        finally:
            flight.riders -= 1
            if not flight.riders and not flight.task.done():
                flight.task.cancel()
                if self._next.get(key) is flight:
                    del self._next[key]  # nobody may join a read that is being cancelled

    async def _fly(self, key: K, load: Callable[[], Awaitable[T]]) -> tuple[T, ReadMarkContext]:
        if running := self._running.get(key):
            await asyncio.wait([running.task])
        flight = self._running[key] = self._next.pop(key)
        try:
            with for_nobody() as context:
                return await load(), context
        finally:
            if self._running.get(key) is flight:
                del self._running[key]


class _Flight(Generic[T]):
    """A read, and how many callers wait for it."""

    __slots__ = ("riders", "task")

    task: asyncio.Task[tuple[T, ReadMarkContext]]

    def __init__(self) -> None:
        self.riders = 0
