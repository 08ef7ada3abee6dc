"""What asyncio offers for the deadline of a call."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Deadlines:
    """`server.rpc.calls.deadlines.Deadlines` with a timer for each call."""

    async def within(self, seconds: float, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`."""
        async with asyncio.timeout(seconds):
            return await work
