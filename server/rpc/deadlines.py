"""How long a call may take, and its end if it takes longer."""

import asyncio
from collections.abc import Coroutine, Generator
from types import coroutine
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


@coroutine
def within(seconds: float, work: Coroutine[Any, Any, T]) -> Generator[Any, Any, T]:
    """What `work` gives; it is cancelled when it has waited for so long (DEADLINE_PASSED).

    asyncio.timeout at a fraction of its cost. Work that never waits, as an answer from memory, costs no timer at all.
    """
    result: T
    try:
        awaited = work.send(None)
        with _Timer(seconds):
            while True:
                thrown: BaseException | None = None
                try:
                    yield awaited
                except BaseException as error:
                    thrown = error
                awaited = work.throw(thrown) if thrown else work.send(None)
    except StopIteration as done:
        result = done.value
    return result


class _Timer:
    """Cancels the running task after some seconds, and turns that cancellation into DEADLINE_PASSED."""

    __slots__ = ("_handle", "_passed", "_task")

    def __init__(self, seconds: float) -> None:
        self._task = asyncio.current_task()
        self._passed = False
        self._handle = asyncio.get_running_loop().call_later(seconds, self._end)

    def _end(self) -> None:
        self._passed = True
        if self._task:
            self._task.cancel()

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        self._handle.cancel()
        if self._passed and self._task and self._task.uncancel() == 0 and kind is asyncio.CancelledError:
            raise DomainError(
                Reason.DEADLINE_PASSED,
                "the call took longer than its deadline: send it again; for a write, use the same request_id",
            )
