"""How long a call may take, and its end if it takes longer."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from server.domain.errors import DomainError, Reason

T = TypeVar("T")

DEFAULT_SECONDS = 5.0
_SHORTEST_SECONDS = 0.005
_FAREWELL_SECONDS = 0.1


def budget(remaining: float | None) -> float:
    """The seconds for the work of a call whose caller waits that long, or does not say (DEADLINE_TOO_SHORT)."""
    if remaining is None:
        return DEFAULT_SECONDS
    if remaining < _SHORTEST_SECONDS:
        raise DomainError(Reason.DEADLINE_TOO_SHORT, "the deadline is too short and nothing was done: allow more time")
    # Ended a little early, a running statement is cancelled on the server before the caller hangs up.
    return remaining - min(_FAREWELL_SECONDS, remaining / 5)


async def within(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """What `work` gives; it is cancelled when it takes longer than that (DEADLINE_PASSED)."""
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
