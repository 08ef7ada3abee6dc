"""Database reads and writes for use cases, with database failures turned into errors for the caller."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import NamedTuple, TypeVar

from db.errors import Conflict, Saturated, StateError, TimedOut, Unreachable
from db.postgres.booking.days import DayRow, OfferRow
from db.postgres.cluster import transaction
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.routing import Freshness
from server.domain.errors import DomainError, Reason
from server.telemetry import traces
from server.usecases.idempotency import Answered, Claim, Write

R = TypeVar("R")
M = TypeVar("M")
T = TypeVar("T")


class Changes(NamedTuple):
    """What a write has changed in the schedule, for those who follow it."""

    days: Sequence[DayRow] = ()
    """The days with their new revisions."""
    offers: Sequence[OfferRow] = ()
    """Those of the days that the write has read whole, as they are after it, so that they need not be read again."""


Announce = Callable[[Changes], None]
"""Called with what a write changed, after its COMMIT; it never waits or fails."""


async def perform(
    engine: Engine,
    write: Write[R, M],
    work: Callable[[Connection, Claim], Awaitable[R]],
    now: datetime,
    announce: Callable[[R], None] | None = None,
) -> M:
    """Do a write once: run `work` in a transaction, or return the answer that the same request got before.

    `work` may run several times, of which only the last is committed. `announce` gets its result after that COMMIT, so
    a write that was rolled back is never announced, and a repeated request does not announce it again.

    `work` sends its first statements and then calls `claim.wait_or_answer()` before it refuses anything: a repeated
    request must get the first answer, not a refusal because of what the first one has changed.
    """

    async def claimed(pg: Connection) -> tuple[R, M]:
        claim = Claim(pg, write, now)
        await claim.send()
        result = await work(pg, claim)
        message = write.render(result)
        await claim.answer(write.dump(message))
        return result, message

    try:
        with database_failures_as_domain_errors(), traces.span(_name(work)):
            result, message = await transaction.transact(engine, claimed, replayable=bool(write.request_id))
    except Answered as answered:
        with database_failures_as_domain_errors():
            await transaction.mark(engine)
        return write.load(answered.response)
    if announce:
        announce(result)
    return message


async def read(
    engine: Engine, work: Callable[[Connection], Awaitable[T]], freshness: Freshness = Freshness.PRIMARY
) -> T:
    """Run a read; database failures become errors for the caller."""
    with database_failures_as_domain_errors(), traces.span(_name(work)):
        return await transaction.read(engine, work, freshness)


def _name(work: Callable[..., object]) -> str:
    """The use case that a function belongs to, as its module: `appointments.book`."""
    return work.__module__.removeprefix("server.usecases.").removeprefix("db.postgres.")


class _DatabaseFailuresAsDomainErrors:
    """Has no state, and every read and write enters it: a generator would cost a microsecond each time."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, StateError) and (refusal := _refusal(error)):
            raise refusal from None


_TRANSLATION = _DatabaseFailuresAsDomainErrors()


def database_failures_as_domain_errors() -> _DatabaseFailuresAsDomainErrors:
    """Turn database failures into TRANSACTION_CONFLICT, OVERLOADED, DEADLINE_PASSED, DATABASE_UNAVAILABLE."""
    return _TRANSLATION


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
        case Unreachable():
            return _unavailable()
    return None


def require_primary(engine: Engine) -> None:
    """Refuse a negative answer from a replica: it may lack the latest commits (DATABASE_UNAVAILABLE)."""
    if engine.is_primary_lost:
        raise _unavailable()


def _unavailable() -> DomainError:
    return DomainError(
        Reason.DATABASE_UNAVAILABLE,
        "the database cannot be reached: try again; for a write, use the same request_id",
        retry_after=timedelta(seconds=2),
    )
