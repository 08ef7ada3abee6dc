"""Which server answers a read: the primary, or a replica that has what the caller wrote.

For example, a caller books, and the primary has then written up to position 5000: that is the caller's read mark. A
replica that has replayed up to 4900 must not answer this caller, or the booking would be missing; one at 5100 may.
"""

import asyncio
import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum, auto

from db.errors import StateError, Unreachable
from db.postgres.cluster import state
from db.postgres.cluster.engines import Engine
from db.postgres.cluster.nodes import Node
from db.postgres.driver.pool import lent
from db.postgres.driver.translation import translated

MOST_BEHIND_SECONDS = 0.5
_ASK_SECONDS = 0.25


class Freshness(Enum):
    """How fresh the answer to a read must be, and so which servers may give it."""

    PRIMARY = auto()
    """Only the primary answers."""
    PRIMARY_FIRST = auto()
    """The primary answers; while it cannot be reached, a replica does."""
    OWN_WRITES = auto()
    """A replica answers that is at most half a second behind and has what the caller wrote; else as PRIMARY_FIRST."""
    REPORT = auto()
    """As OWN_WRITES, for what takes long: the replica has until the call ends, and the primary does not repeat it."""


@dataclass(slots=True)
class ReadMarkContext:
    """What one caller must see in one call, and what the answer must say about it."""

    caller_id: str = ""
    mark: int = 0
    """A replica must have replayed up to this position, because it may hold a write of the caller."""
    written: bool = False
    """Whether the call has written, so that the caller needs the new mark."""
    staleness: float | None = None
    """The answer may lack writes of the last `staleness` seconds, because the primary cannot be reached; else None."""
    position: int = 0
    """The position up to which the replica that gave a stale answer had replayed."""

    @property
    def has_news(self) -> bool:
        """Whether the answer must carry a new mark or its staleness."""
        return self.written or self.staleness is not None


READ_MARK_CONTEXT: ContextVar[ReadMarkContext | None] = ContextVar("read mark context", default=None)
"""That of the running task; without one, no replica is chosen while the primary answers."""

_turns = itertools.count()


def is_stale() -> bool:
    """Whether the running call has read something that may lack recent writes."""
    context = READ_MARK_CONTEXT.get()
    return context is not None and context.staleness is not None


def names_mark() -> bool:
    """Whether the running call has a read mark: its caller sent one, or the call itself has written."""
    context = READ_MARK_CONTEXT.get()
    return context is not None and context.mark > 0


@contextmanager
def for_nobody() -> Iterator[ReadMarkContext]:
    """Run reads on behalf of no caller, so that several can share the result; the context records how stale it is."""
    context = ReadMarkContext()
    token = READ_MARK_CONTEXT.set(context)
    try:
        yield context
    finally:
        READ_MARK_CONTEXT.reset(token)


async def may_be_told(engine: Engine, shared: ReadMarkContext) -> bool:
    """Whether the running call may use the result of a read in `for_nobody`; if so, it takes over its staleness."""
    context = READ_MARK_CONTEXT.get()
    if shared.staleness is None or context is None:
        return True
    mark = await _mark(engine, context, shared.staleness)
    if mark is None or mark > shared.position:
        return False
    context.staleness = shared.staleness
    return True


async def replica_for(engine: Engine, context: ReadMarkContext) -> Node | None:
    """A replica that is little behind the primary and has what the caller wrote, if there is one."""
    now = time.monotonic()
    near = [node for node in engine.replicas(now) if engine.lag(node, now) <= MOST_BEHIND_SECONDS]
    if not near or not engine.primary_answers(now):
        return None
    mark = await _mark(engine, context, max(engine.staleness(node, now) for node in near))
    if mark is None:
        return None
    fit = [node for node in near if node.position >= mark]
    if fit:
        return fit[next(_turns) % len(fit)]
    node = max(near, key=lambda each: each.position)
    return node if await _has_replayed(node, mark) else None


async def last_resort(engine: Engine, context: ReadMarkContext | None) -> Node:
    """The replica with the most WAL, while the primary is lost (Unreachable if it may lack the caller's writes)."""
    now = time.monotonic()
    node = max(engine.replicas(now), key=lambda each: each.position, default=None)
    if node is None:
        raise Unreachable("neither the primary nor any replica answers")
    if context:
        mark = await _mark(engine, context, engine.staleness(node, now))
        if mark is None or not (node.position >= mark or await _has_replayed(node, mark)):
            raise Unreachable("no replica is known to have what the caller wrote")
        context.staleness, context.position = engine.staleness(node, now), max(node.position, mark)
    return node


async def note(engine: Engine, context: ReadMarkContext, position: int) -> None:
    """Record that the caller has written up to a position of the primary, so that its later reads see it."""
    context.mark, context.written = max(context.mark, position), True
    if engine.marks:
        await engine.marks.raise_to(context.caller_id, position)


async def _mark(engine: Engine, context: ReadMarkContext, within: float) -> int | None:
    """The position that a replica needs which has all writes but those of the last `within` seconds; None if unknown.

    A context without a caller has written nothing. A mark that the caller sends is trusted even if none is stored.
    """
    if not context.caller_id:
        return context.mark
    kept = await engine.marks.get(context.caller_id, within) if engine.marks else None
    if kept is None:
        return context.mark or None
    return max(kept, context.mark)


async def _has_replayed(node: Node, mark: int) -> bool:
    """Ask a replica again that had not reached the mark when it was last polled."""
    try:
        async with asyncio.timeout(_ASK_SECONDS), lent(node.pool) as pg:
            with translated():
                return await state.replayed(pg) >= mark
    except (StateError, TimeoutError):
        return False
