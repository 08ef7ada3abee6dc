"""Many changes in one call: each is a write of its own, and they run one after the other.

A single transaction would hold the locks of up to two hundred days until the last change is decided, and a lost
connection would undo them all. So each change has its own transaction, with the usual locks of a single change: other
writes wait for at most one change, and finished changes stay. The request_id of the call is claimed first, in a
transaction of its own; each change claims an id derived from it. Sending the call again resumes where it ended.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from db.postgres.cluster.engines import Engine
from server.domain.errors import DomainError, ErrorKind
from server.domain.identity import Caller
from server.domain.ids import Clock
from server.domain.rights import Action
from server.usecases.idempotency import Write
from server.usecases.reach import reach
from server.usecases.unit_of_work import perform

M = TypeVar("M")
A = TypeVar("A")

_OF_THE_CALL = {ErrorKind.OVERLOADED, ErrorKind.UNAVAILABLE, ErrorKind.TOO_LATE}
"""Errors that the next change would meet as well."""


class Batches:
    """Runs many changes as single calls would."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def each(
        self, caller: Caller, whole: Write[None, A], changes: Sequence[Callable[[], Awaitable[M]]]
    ) -> list[M | DomainError]:
        """The answer or the error of each change, in order.

        Raises NOT_ALLOWED, REQUEST_ID_REUSED, and errors after which it is useless to continue (DATABASE_UNAVAILABLE).
        """
        reach(caller, Action.BATCH_CHANGE_APPOINTMENTS)
        await perform(self._engine, whole, _nothing, self._clock())
        return [await _outcome(change) for change in changes]


async def _nothing(*_: object) -> None:
    """The work of a transaction that only claims."""


async def _outcome(change: Callable[[], Awaitable[M]]) -> M | DomainError:
    try:
        return await change()
    except DomainError as error:
        if error.reason.kind in _OF_THE_CALL:
            raise
        return error
