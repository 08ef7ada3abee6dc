"""How long something may take, with one timer for everything that runs."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, cast

T = TypeVar("T")

_TICK_SECONDS = 0.02


class Timeouts:
    """Cancels work that takes too long, within 20 ms after its time; `error` makes the exception that it then raises.

    One timer looks at all running work. With `asyncio.timeout` a list of slots costs a tenth more, because uvloop wakes
    up once more to release the timer of each call (`make bench PART=log`).
    """

    def __init__(self, error: Callable[[], Exception]) -> None:
        self._error = error
        self._ends: dict[asyncio.Task[Any], float] = {}
        self._ticking = False

    async def within(self, seconds: float, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`, which is cancelled if it takes longer than `seconds`.

        A task is in one such call of the same object at a time.
        """
        task, ends = cast("asyncio.Task[Any]", asyncio.current_task()), self._ends
        ends[task] = time.monotonic() + seconds
        if not self._ticking:
            self._tick()
        try:
            return await work
        except asyncio.CancelledError:
            if task in ends or task.cancelling() > 1:  # somebody else cancelled it
                raise
            raise self._error() from None
        finally:
            if ends.pop(task, None) is None:
                task.uncancel()

    def _tick(self) -> None:
        now = time.monotonic()
        for task in [task for task, end in self._ends.items() if end <= now]:
            del self._ends[task]
            task.cancel()
        self._ticking = bool(self._ends)
        if self._ticking:
            asyncio.get_running_loop().call_later(_TICK_SECONDS, self._tick)
