"""How long a call may take, and cancelling it if it takes longer."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from server.domain.errors import DomainError, Reason

T = TypeVar("T")

DEFAULT_SECONDS = 5.0
_SHORTEST_SECONDS = 0.005
_FAREWELL_SECONDS = 0.1


def budget(remaining: float | None) -> float:
    """Seconds for the work of a call; `remaining` is left of its deadline, None without one (DEADLINE_TOO_SHORT)."""
    if remaining is None:
        return DEFAULT_SECONDS
    if remaining < _SHORTEST_SECONDS:
        raise DomainError(Reason.DEADLINE_TOO_SHORT, "the deadline is too short and nothing was done: allow more time")
    # A little less than the caller waits, to cancel a running statement in the database and answer before the caller
    # hangs up: a caller that waits 1 s gives 0.9 s for the work, one that waits 0.1 s gives 0.08 s.
    return remaining - min(_FAREWELL_SECONDS, remaining / 5)


async def within(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, which is cancelled if it takes longer than `seconds` (DEADLINE_PASSED)."""
    try:
        async with asyncio.timeout(seconds) as limit:
            return await work
    except TimeoutError:
        if not limit.expired():  # something else that `work` waited for took too long
            raise
        raise DomainError(
            Reason.DEADLINE_PASSED,
            "the call took longer than its deadline: send it again; for a write, use the same request_id",
        ) from None
