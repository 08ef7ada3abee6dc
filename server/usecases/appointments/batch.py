"""Many changes in one call: each is a write of its own, one after the other.

One transaction for all of them would hold the locks of up to two hundred days until the last one is decided, and lose
all of them with its connection. So each has its own, with the locks of a single change in their usual order: others
wait for one change at most, and what was done stays done. The call's request_id is claimed first, alone, for the whole
of what it asks; each change claims an id that follows from it. Whoever sends the call again goes on where it ended.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from db.postgres.cluster.engines import Engine
from server.domain.errors import DomainError, ErrorKind
from server.domain.identity import Action, Caller, reach
from server.domain.ids import Clock
from server.usecases.idempotency import Write
from server.usecases.unit_of_work import perform

M = TypeVar("M")
A = TypeVar("A")

_OF_THE_CALL = {ErrorKind.OVERLOADED, ErrorKind.UNAVAILABLE, ErrorKind.TOO_LATE}
"""What would refuse the next change as well."""


class Batches:
    """Does what many single calls would do."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def each(
        self, caller: Caller, whole: Write[None, A], changes: Sequence[Callable[[], Awaitable[M]]]
    ) -> list[M | DomainError]:
        """The answer or the refusal of each change, in their order.

        Raises NOT_ALLOWED, REQUEST_ID_REUSED, and what makes it useless to go on, such as DATABASE_UNAVAILABLE.
        """
        reach(caller, Action.BATCH_CHANGE_APPOINTMENTS)
        await perform(self._engine, whole, _nothing, self._clock())
        return [await _outcome(change) for change in changes]


async def _nothing(*_: object) -> None:
    """The work of a claim alone."""


async def _outcome(change: Callable[[], Awaitable[M]]) -> M | DomainError:
    try:
        return await change()
    except DomainError as error:
        if error.reason.kind in _OF_THE_CALL:
            raise
        return error
