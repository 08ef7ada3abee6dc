"""How long a call may take, and cancelling it if it takes longer."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, TypeVar, cast

from server.domain.errors import DomainError, Reason

T = TypeVar("T")

DEFAULT_SECONDS = 5.0
_SHORTEST_SECONDS = 0.005
_FAREWELL_SECONDS = 0.1
_TICK_SECONDS = 0.02


def budget(remaining: float | None) -> float:
    """Seconds for the work of a call; `remaining` is left of its deadline, None without one (DEADLINE_TOO_SHORT)."""
    if remaining is None:
        return DEFAULT_SECONDS
    if remaining < _SHORTEST_SECONDS:
        raise DomainError(Reason.DEADLINE_TOO_SHORT, "the deadline is too short and nothing was done: allow more time")
    # A little less than the caller waits, to cancel a running statement in the database and answer before the caller
    # hangs up: a caller that waits 1 s gives 0.9 s for the work, one that waits 0.1 s gives 0.08 s.
    return remaining - min(_FAREWELL_SECONDS, remaining / 5)


class Deadlines:
    """Cancels work that takes too long, within 20 ms after its deadline.

    One timer looks at all running calls. With `asyncio.timeout` a list of slots costs a tenth more, because uvloop
    wakes up once more to release the timer of each call (`make bench PART=log`).
    """

    def __init__(self) -> None:
        self._ends: dict[asyncio.Task[Any], float] = {}
        self._ticking = False

    async def within(self, seconds: float, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`, which is cancelled if it takes longer than `seconds` (DEADLINE_PASSED).

        A task is in one such call at a time.
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
            raise _passed() from None
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


def _passed() -> DomainError:
    return DomainError(
        Reason.DEADLINE_PASSED,
        "the call took longer than its deadline: send it again; for a write, use the same request_id",
    )
