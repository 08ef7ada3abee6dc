"""Visitors: callers without a token, who look at the clinics that are open to everybody."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime, timedelta

from db.postgres.cluster.engines import Engine
from db.postgres.cluster.routing import Freshness
from db.postgres.directory import clinics
from server.domain.errors import DomainError, Reason
from server.domain.identity import Caller, Role, token_missing
from server.usecases.single_flight import SingleFlight
from server.usecases.unit_of_work import read

VISITOR = "visitor"
"""In place of the id of an account."""
AT_WORK = 3
"""How many calls of visitors a worker does at once: half as many as it has connections to the database."""
COSTLY_AT_WORK = 1
"""How many of them may do the work of many calls."""
MOST_COSTLY = 8
"""How many such calls a worker has at once, those that wait among them: the others are places for a quick look."""
MOST_INSIDE = 32
"""How many calls of visitors a worker has at once, those that wait among them."""
MOST_OF_ADDRESS = 12
"""How many of these may come from one address: twice what a browser asks at once."""
_KNOWN_SECONDS = 1.0
_NEVER = datetime.max.replace(tzinfo=UTC)


class Visitors:
    """Decides what visitors may see, and bounds how much of a worker they use at once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._flights: SingleFlight[str, frozenset[str]] = SingleFlight(engine)
        self._open: frozenset[str] = frozenset()
        self._asked_at = float("-inf")
        self._inside: Counter[str] = Counter()
        self._at_work = asyncio.Semaphore(AT_WORK)
        self._costly = asyncio.Semaphore(COSTLY_AT_WORK)
        self._costly_inside = 0
        self._rested_at = float("-inf")

    async def caller(self) -> Caller:
        """A caller who may see the open clinics, as they were at most a second ago (TOKEN_MISSING if none is open)."""
        if time.monotonic() - self._asked_at > _KNOWN_SECONDS:
            self._open = await self._flights.do(VISITOR, self._read)
            self._asked_at = time.monotonic()
        if not self._open:
            raise token_missing()
        return Caller(VISITOR, frozenset({Role.VISITOR}), self._open, None, None, _NEVER)

    @asynccontextmanager
    async def place(self, address: str, *, costly: bool) -> AsyncIterator[None]:
        """Wait for a place for a call from an address, which may be empty (OVERLOADED if too many wait)."""
        if (
            self._inside.total() >= MOST_INSIDE
            or (address and self._inside[address] >= MOST_OF_ADDRESS)
            or (costly and self._costly_inside >= MOST_COSTLY)
        ):
            raise DomainError(
                Reason.OVERLOADED,
                "too many people are looking without signing in: try again in a moment, or sign in",
                retry_after=timedelta(seconds=1),
            )
        self._inside[address] += 1
        self._costly_inside += costly
        try:
            async with self._turn() if costly else nullcontext(), self._at_work:
                yield
        finally:
            self._costly_inside -= costly
            self._inside[address] -= 1
            if not self._inside[address]:
                del self._inside[address]

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Do the work of many calls, and then leave the worker to others for as long as it took."""
        async with self._costly:
            await asyncio.sleep(self._rested_at - time.monotonic())
            began = time.monotonic()
            try:
                yield
            finally:
                now = time.monotonic()
                self._rested_at = now + (now - began)

    async def _read(self) -> frozenset[str]:
        return frozenset(await read(self._engine, clinics.open_to_visitors, Freshness.PRIMARY_FIRST))
