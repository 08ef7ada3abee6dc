"""How many streams an account and an address have open, on this worker and on the others."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import NoReturn

from db.errors import StateError
from db.valkey.cache_breaker import CacheBreaker
from db.valkey.stream_counts import StreamCounts
from server.domain import stream_limits
from server.domain.errors import DomainError, Reason
from server.domain.identity import Caller
from server.domain.ids import Clock

_LOOK_AGAIN = timedelta(seconds=5)
_RENEW_SECONDS = 1.0


class StreamPlaces:
    """The places that open streams take. While Valkey cannot be reached, only those of this worker count."""

    def __init__(self, breaker: CacheBreaker, counts: StreamCounts, clock: Clock) -> None:
        self._breaker = breaker
        self._counts = counts
        self._clock = clock
        self._open: Counter[str] = Counter()
        self._closed: set[str] = set()
        """Whose streams were closed since the others last heard of it."""

    @asynccontextmanager
    async def taken(self, caller: Caller, address: str) -> AsyncIterator[None]:
        """Take a place of an account and an address, which may be empty, for as long as the block runs.

        Raises TOO_MANY_STREAMS if either has none left.
        """
        whose = "visitors:all" if caller.is_visitor else f"account:{caller.id}"
        limits = {whose: stream_limits.of_account(caller.roles)}
        if address:
            place = hashlib.sha256(address.encode()).hexdigest()[:32]
            limits[f"address:{place}"] = stream_limits.OF_ADDRESS
            if caller.is_visitor:
                limits[f"visitors:{place}"] = stream_limits.OF_VISITORS_OF_ADDRESS
        self._check(limits, dict.fromkeys(limits, 0))
        self._open.update(limits.keys())
        try:
            self._check(limits, await self._elsewhere(limits), mine=1)
            yield
        finally:
            for whose in limits:
                self._open[whose] -= 1
                if not self._open[whose]:
                    del self._open[whose]
            self._closed.update(limits)

    def _check(self, limits: Mapping[str, int], elsewhere: Mapping[str, int], mine: int = 0) -> None:
        """Compare what is open with the limits; `mine` of it is the stream that asks."""
        for whose, limit in limits.items():
            if self._open[whose] - mine + elsewhere[whose] >= limit:
                raise DomainError(
                    Reason.TOO_MANY_STREAMS,
                    _refusal(whose, limit),
                    metadata={"limit": str(limit)},
                    retry_after=_LOOK_AGAIN,
                )

    async def _elsewhere(self, limits: Mapping[str, int]) -> Mapping[str, int]:
        try:
            return await self._breaker.run(lambda valkey: self._counts.others(valkey, self._now(limits), self._clock()))
        except StateError:
            return dict.fromkeys(limits, 0)

    def _now(self, whose: Mapping[str, int] | set[str]) -> dict[str, int]:
        return {each: self._open[each] for each in whose}

    async def run(self) -> NoReturn:
        """Let the other workers know every second what was closed, and that this one lives, until cancelled."""
        while True:
            with suppress(StateError):
                await self._tell()
            await asyncio.sleep(_RENEW_SECONDS)

    async def _tell(self) -> None:
        was_known = await self._breaker.run(lambda valkey: self._counts.renew(valkey, self._clock()))
        changed = self._closed if was_known else {*self._open, *self._closed}
        if changed:
            counts = self._now(changed)
            await self._breaker.run(lambda valkey: self._counts.store(valkey, counts))
            self._closed -= {each for each, count in counts.items() if self._open[each] == count}


def _refusal(whose: str, limit: int) -> str:
    noun = whose.partition(":")[0]
    if noun == "visitors":
        return f"{limit} streams are open without signing in, the most that may be: sign in, or try again later"
    return f"this {noun} has {limit} streams open, the most that it may have: close one first"
