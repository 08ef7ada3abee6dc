"""Reads and writes of the database as use cases run them: errors that a caller understands, and answers given once."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Generic, TypeVar

from db.errors import Conflict, Saturated, StateError, TimedOut, Unavailable
from db.postgres import idempotency
from db.postgres.cluster import transaction
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.routing import Freshness
from db.postgres.days import DayRow, OfferRow
from server.domain.errors import DomainError, Reason

R = TypeVar("R")
M = TypeVar("M")
T = TypeVar("T")

Announce = Callable[[Sequence[DayRow], Sequence[OfferRow]], None]
"""Told which days a write changed, once it is committed, and what some of them offer now; it never waits or fails."""

KEPT = timedelta(hours=24)
"""How long the answer of a write is given again."""


@dataclass(frozen=True, slots=True)
class Write(Generic[R, M]):
    """A write as its sender identifies it, and how its result becomes the answer that is kept."""

    caller_id: str
    request_id: str
    """UUID, or empty: then the write is not recognized when it comes again."""
    content: bytes
    """The method and the request, byte for byte: the same id with other content is refused."""
    render: Callable[[R], M]
    dump: Callable[[M], bytes]
    load: Callable[[bytes], M]


class Claim:
    """The claim of a write's request_id; it travels with the first statements of the work."""

    def __init__(self, pg: Connection, write: Write[R, M], now: datetime) -> None:
        self._pg = pg
        self._caller_id, self._request_id = write.caller_id, write.request_id
        self._digest = hashlib.sha256(write.content).digest()
        self._now = now
        self._is_settled = False
        self.changed: list[DayRow] = []
        """The days that the work has changed, to be announced after COMMIT."""
        self.offers: list[OfferRow] = []
        """Those of them that the work has seen whole, as they are after it: nobody need read them again."""

    async def send(self) -> None:
        """Send the claim; a twin in flight makes it wait on the server."""
        if self._request_id:
            self._sent = await idempotency.claim(
                self._pg, self._caller_id, self._request_id, self._digest, now=self._now, kept=KEPT
            )

    async def settle(self) -> None:
        """Wait for the claim. Work calls it before it waits for locks, and may do so again.

        Raises Answered if the write was done before, and REQUEST_ID_REUSED if it was another one.
        """
        if not self._request_id or self._is_settled:
            return
        if await self._sent.fetchone():
            self._is_settled = True
            return
        first = await (await idempotency.first(self._pg, self._caller_id, self._request_id)).fetchone()
        if first is None:
            raise Conflict("the answer of a twin was purged between two statements")
        if first.digest != self._digest:
            raise DomainError(
                Reason.REQUEST_ID_REUSED,
                "this request_id was already used for a different write: make a new UUID for every write",
            )
        raise Answered(first.response or b"")

    async def answer(self, response: bytes) -> None:
        """Keep the answer, to be given again for 24 hours."""
        if self._request_id:
            await idempotency.answer(self._pg, self._caller_id, self._request_id, response)


class Answered(Exception):
    """The write was done before; ends the work, which is rolled back."""

    def __init__(self, response: bytes) -> None:
        super().__init__()
        self.response = response


async def perform(
    engine: Engine,
    write: Write[R, M],
    work: Callable[[Connection, Claim], Awaitable[R]],
    now: datetime,
    announce: Announce = lambda *_: None,
) -> M:
    """Do a write once: run `work` in a transaction, or give the answer that the same request got before."""
    claim: Claim

    async def claimed(pg: Connection) -> M:
        nonlocal claim
        claim = Claim(pg, write, now)
        await claim.send()
        message = write.render(await work(pg, claim))
        await claim.answer(write.dump(message))
        return message

    try:
        with refusals():
            message = await transaction.transact(engine, claimed, replayable=bool(write.request_id))
    except Answered as answered:
        with refusals():
            await transaction.mark(engine)
        return write.load(answered.response)
    announce(claim.changed, claim.offers)
    return message


async def read(
    engine: Engine, work: Callable[[Connection], Awaitable[T]], freshness: Freshness = Freshness.PRIMARY
) -> T:
    """Run a read; failures come as errors that a caller understands."""
    with refusals():
        return await transaction.read(engine, work, freshness)


class _Refusals:
    """Holds nothing and is entered by every read and write: a generator would cost a microsecond each time."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, StateError) and (refusal := _refusal(error)):
            raise refusal from None


_REFUSALS = _Refusals()


def refusals() -> _Refusals:
    """Turn what can go wrong below into TRANSACTION_CONFLICT, OVERLOADED, DEADLINE_PASSED, DATABASE_UNAVAILABLE."""
    return _REFUSALS


def _refusal(error: StateError) -> DomainError | None:
    match error:
        case Conflict():
            return DomainError(
                Reason.TRANSACTION_CONFLICT,
                "too many conflicting writes at once; nothing was changed: try again",
                retry_after=timedelta(milliseconds=200),
            )
        case Saturated():
            return DomainError(
                Reason.OVERLOADED,
                "the server is busy and nothing was changed: try again in a moment",
                retry_after=timedelta(seconds=1),
            )
        case TimedOut():
            return DomainError(
                Reason.DEADLINE_PASSED, "the call took too long; nothing was changed: try again, or ask for less"
            )
        case Unavailable():
            return _unavailable()
    return None


def require_primary(engine: Engine) -> None:
    """Refuse a no that a replica has said: it may lack what was committed last (DATABASE_UNAVAILABLE)."""
    if engine.is_primary_lost:
        raise _unavailable()


def _unavailable() -> DomainError:
    return DomainError(
        Reason.DATABASE_UNAVAILABLE,
        "the database cannot be reached: try again; for a write, use the same request_id",
        retry_after=timedelta(seconds=2),
    )
