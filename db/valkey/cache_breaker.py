"""A circuit breaker for Valkey: after the first failure no call waits for it until it answers again."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from db.errors import StateError, Unreachable
from db.valkey.client import Valkey, translated

T = TypeVar("T")

_PAUSE_SECONDS = 0.5


class CacheBreaker:
    """The cache's circuit breaker: opens at the first failure, closes when the server answers a ping."""

    def __init__(self, valkey: Valkey) -> None:
        self._valkey = valkey
        self._probe: asyncio.Task[None] | None = None

    async def run(self, call: Callable[[Valkey], Awaitable[T]]) -> T:
        """The result of a call. Raises Saturated and Unreachable, the latter at once while the breaker is open."""
        if self._probe is not None:
            raise Unreachable("not tried")
        try:
            with translated():
                return await call(self._valkey)
        except Unreachable:
            if self._probe is None:
                self._probe = asyncio.create_task(self._reopen())
            raise

    async def _reopen(self) -> None:
        while True:
            await asyncio.sleep(_PAUSE_SECONDS)
            with suppress(StateError), translated():
                await self._valkey.ping()
                break
        self._probe = None

    async def aclose(self) -> None:
        """Stop pinging the server."""
        if self._probe is not None:
            self._probe.cancel()
