"""Runs work: in a transaction on the primary, or as a read on any server that is fresh enough for the reader."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from types import TracebackType
from typing import TypeVar

from db.errors import Conflict, Saturated, StateError, TimedOut, Unreachable
from db.postgres.cluster import state
from db.postgres.cluster.engines import Connection, Engine, connection, create_engine
from db.postgres.cluster.nodes import Node
from db.postgres.cluster.routing import READ_MARK_CONTEXT, Freshness, last_resort, note, replica_for
from db.postgres.driver.pool import lent
from db.postgres.driver.translation import translated

T = TypeVar("T")

_ATTEMPTS = 5
_FIRST_PAUSE_SECONDS = 0.01
# When these run out, the primary is asked instead.
_REPLICA_WAIT_SECONDS = 0.1
_REPLICA_SECONDS = 1.5
# Nobody is asked instead then, and all who waited for the primary come at once.
_LAST_RESORT_WAIT_SECONDS = 2.0


async def transact(engine: Engine, work: Callable[[Connection], Awaitable[T]], *, replayable: bool = False) -> T:
    """Run `work` in one READ COMMITTED transaction and commit it, or roll all of it back.

    Serialization failures and deadlocks are tried again with a growing, jittered pause. After a lost connection `work`
    runs again once: always if COMMIT was not sent yet, and otherwise, since the outcome is unknown, only if it is
    `replayable`, that is, if `work` recognizes its own first run. The answer of a server that may no longer be the
    primary is ignored: its COMMIT has an unknown outcome too. Raises the errors of db.errors, and what `work` raises.

    For example, the connection breaks after COMMIT was sent for a booking, which may now be stored or not. A booking
    with a `request_id` runs again: if it finds its own claim, it was stored, and the first answer is returned. A write
    without one could not distinguish its own first run from somebody else's write, so the caller gets Unreachable.
    """
    context = READ_MARK_CONTEXT.get() if engine.marks else None
    reconnected = False
    for attempt in range(1, _ATTEMPTS + 1):
        committing, written = False, None
        try:
            async with _Confirmed(engine), connection(engine) as pg:
                with translated():
                    async with pg.pipeline():
                        # Not waited for: BEGIN travels with the first statement of `work`.
                        await pg.execute("BEGIN")
                        result = await work(pg)
                        committing = True
                        await pg.execute("COMMIT")
                        sent = await state.written(pg) if context else None
                    written = await sent.fetchone() if sent else None
            if context and written:
                await note(engine, context, written[0])
        except Conflict:
            if attempt == _ATTEMPTS:
                raise
        except Unreachable:
            if reconnected or (committing and not replayable):
                raise
            reconnected = True
        else:
            return result
        await asyncio.sleep(_FIRST_PAUSE_SECONDS * 2**attempt * random.uniform(0.5, 1.5))  # noqa: S311
    raise AssertionError("unreachable")


async def transact_once(url: str, application: str, work: Callable[[Connection], Awaitable[T]]) -> T:
    """Run `work`, which may run again, in one transaction on the primary of a URL; raises what `transact` does.

    For processes that keep no engine: of several servers, each is asked first whether it is the primary.
    """
    engine = create_engine(url, size=1, wait_seconds=5, application=application)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(engine.dispose)
        if len(engine.nodes) > 1:
            await stack.enter_async_context(engine.watched())
        return await transact(engine, work, replayable=True)


async def read(
    engine: Engine, work: Callable[[Connection], Awaitable[T]], freshness: Freshness = Freshness.PRIMARY
) -> T:
    """Run `work`, which changes nothing, without a transaction, on a server as fresh as it must be.

    `work` may run again on another server. Raises the errors of db.errors, and what `work` raises.
    """
    context = READ_MARK_CONTEXT.get()
    if freshness is Freshness.REPORT and context and (near := await replica_for(engine, context)):
        with suppress(Saturated, Conflict, Unreachable):
            return await _read_from(near, work, seconds=None)
    if freshness is Freshness.OWN_WRITES and context and (near := await replica_for(engine, context)):
        with suppress(Saturated, TimedOut, Conflict):
            try:
                return await _read_from(near, work)
            except Unreachable as error:
                near.lose(str(error))
    if freshness is not Freshness.PRIMARY and engine.is_primary_lost:
        return await _read_without_primary(engine, work)
    try:
        return await _read_from_primary(engine, work)
    except Unreachable as error:
        if freshness is Freshness.PRIMARY:
            raise
        engine.lose_primary(str(error))
        return await _read_without_primary(engine, work)


@asynccontextmanager
async def snapshot(engine: Engine) -> AsyncIterator[Connection]:
    """A connection to the primary whose statements all see the same moment, and change nothing.

    Raises the errors of db.errors. Vacuum keeps what has changed since for as long as it is open.
    """
    with translated():
        async with engine.primary.opened("yoyaku-snapshot") as pg:
            await pg.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield pg
            await pg.execute("COMMIT")


async def mark(engine: Engine) -> None:
    """Make later reads of the running call see all that the primary has written by now (Unreachable)."""
    context = READ_MARK_CONTEXT.get()
    if context and engine.marks:
        await note(engine, context, await read(engine, _written))


class _Confirmed:
    """Believes what the primary says in a block only if it was still the primary afterwards (Unreachable)."""

    __slots__ = ("_engine", "_node")

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._node = engine.primary

    async def __aenter__(self) -> None:
        pass

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Other errors may rest on what was read there, such as that the booking exists already.
        is_doubtful = error is None or (isinstance(error, Exception) and not isinstance(error, StateError))
        if is_doubtful and not self._engine.is_confirmed(self._node):
            await self._engine.confirm(self._node)


async def _read_from_primary(engine: Engine, work: Callable[[Connection], Awaitable[T]]) -> T:
    """Read from the primary; once more if the connection is lost."""
    try:
        return await _read_confirmed(engine, work)
    except Unreachable:
        return await _read_confirmed(engine, work)


async def _read_confirmed(engine: Engine, work: Callable[[Connection], Awaitable[T]]) -> T:
    node = engine.primary
    async with connection(engine) as pg:
        with translated():
            result = await work(pg)
    if not engine.is_confirmed(node):
        await engine.confirm(node)
    return result


async def _read_without_primary(engine: Engine, work: Callable[[Connection], Awaitable[T]]) -> T:
    replica = await last_resort(engine, READ_MARK_CONTEXT.get())
    seconds = _LAST_RESORT_WAIT_SECONDS + _REPLICA_SECONDS
    return await _read_from(replica, work, wait_seconds=_LAST_RESORT_WAIT_SECONDS, seconds=seconds)


async def _read_from(
    replica: Node,
    work: Callable[[Connection], Awaitable[T]],
    *,
    wait_seconds: float = _REPLICA_WAIT_SECONDS,
    seconds: float | None = _REPLICA_SECONDS,
) -> T:
    try:
        async with asyncio.timeout(seconds):
            async with lent(replica.pool, wait_seconds=wait_seconds) as pg:
                with translated():
                    return await work(pg)
    except TimeoutError:
        raise Unreachable("the replica does not answer") from None


async def _written(pg: Connection) -> int:
    row = await (await state.written(pg)).fetchone()
    return row[0] if row else 0
