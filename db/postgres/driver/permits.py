"""Who may have a connection: as many as there are, the others in the order in which they came."""

import asyncio
from collections import deque

from db.errors import Saturated


class Permits:
    """A fixed number of permits. asyncio.Semaphore with asyncio.timeout does the same at several times the cost."""

    def __init__(self, number: int) -> None:
        self._free = number
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def acquire(self, wait_seconds: float) -> None:
        """Take a permit, to be released; Saturated if none comes free in time."""
        if self._free:
            self._free -= 1
            return
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        timer = loop.call_later(wait_seconds, _give_up, waiter)
        self._waiting.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if not waiter.cancelled() and not waiter.exception():  # it was handed a permit just then
                self.release()
            raise
        finally:
            timer.cancel()

    def release(self) -> None:
        """Give a permit back: to who has waited longest, if somebody waits."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self._free += 1


def _give_up(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_exception(Saturated("no database connection became free"))
