"""Which server answers a read: the primary, or a replica that has what the caller wrote."""

import asyncio
import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum, auto

from db.errors import StateError, Unavailable
from db.postgres.cluster import state
from db.postgres.cluster.engines import Engine
from db.postgres.cluster.nodes import Node
from db.postgres.driver.pool import lent
from db.postgres.driver.translation import translated

MOST_BEHIND_SECONDS = 0.5
_ASK_SECONDS = 0.25


class Freshness(Enum):
    """What a reader may be told."""

    PRIMARY = auto()
    """What the primary says."""
    PRIMARY_FIRST = auto()
    """The same; while the primary is away, what a replica says."""
    OWN_WRITES = auto()
    """What a replica says that is at most half a second behind and has what the caller wrote; else as above."""


@dataclass(slots=True)
class CausalSession:
    """What one caller must see in one call, and what the caller is to be told after it."""

    caller_id: str = ""
    mark: int = 0
    """A replica must have replayed up to here, since the caller wrote before it."""
    written: bool = False
    """Whether the call has written, so that the mark is news."""
    staleness: float | None = None
    """The answer may lack what was written in the last so many seconds: the primary is away."""
    position: int = 0
    """How far the replica that gave such an answer had come."""

    @property
    def has_news(self) -> bool:
        """Whether there is something to tell the caller."""
        return self.written or self.staleness is not None


CAUSAL_SESSION: ContextVar[CausalSession | None] = ContextVar("causal session", default=None)
"""The session of the running task; without one the primary answers."""

_turns = itertools.count()


def is_stale() -> bool:
    """Whether the running call was told something that may lack what was written lately."""
    session = CAUSAL_SESSION.get()
    return session is not None and session.staleness is not None


def names_mark() -> bool:
    """Whether the caller of the running call has told what it must see, or has written in it."""
    session = CAUSAL_SESSION.get()
    return session is not None and session.mark > 0


@contextmanager
def for_nobody() -> Iterator[CausalSession]:
    """Make reads those of no caller, so that several may share them; the session notes what they were told."""
    session = CausalSession()
    token = CAUSAL_SESSION.set(session)
    try:
        yield session
    finally:
        CAUSAL_SESSION.reset(token)


async def may_be_told(engine: Engine, shared: CausalSession) -> bool:
    """Whether the running call may be told what a read for nobody found; if so, it learns how old that may be."""
    session = CAUSAL_SESSION.get()
    if shared.staleness is None or session is None:
        return True
    mark = await _mark(engine, session, shared.staleness)
    if mark is None or mark > shared.position:
        return False
    session.staleness = shared.staleness
    return True


async def replica_for(engine: Engine, session: CausalSession) -> Node | None:
    """A replica that is near the primary and has what the caller wrote, if there is one."""
    now = time.monotonic()
    near = [node for node in engine.replicas(now) if engine.lag(node, now) <= MOST_BEHIND_SECONDS]
    if not near or not engine.primary_answers(now):
        return None
    mark = await _mark(engine, session, max(engine.staleness(node, now) for node in near))
    if mark is None:
        return None
    fit = [node for node in near if node.position >= mark]
    if fit:
        return fit[next(_turns) % len(fit)]
    node = max(near, key=lambda each: each.position)
    return node if await _has_replayed(node, mark) else None


async def last_resort(engine: Engine, session: CausalSession | None) -> Node:
    """While the primary is away: the replica that is furthest, if it has what the caller wrote (Unavailable)."""
    now = time.monotonic()
    node = max(engine.replicas(now), key=lambda each: each.position, default=None)
    if node is None:
        raise Unavailable("neither the primary nor any replica answers")
    if session:
        mark = await _mark(engine, session, engine.staleness(node, now))
        if mark is None or not (node.position >= mark or await _has_replayed(node, mark)):
            raise Unavailable("no replica is known to have what the caller wrote")
        session.staleness, session.position = engine.staleness(node, now), max(node.position, mark)
    return node


async def note(engine: Engine, session: CausalSession, position: int) -> None:
    """The caller has written up to a position of the primary: its reads must see that from now on."""
    session.mark, session.written = max(session.mark, position), True
    if engine.marks:
        await engine.marks.raise_to(session.caller_id, position)


async def _mark(engine: Engine, session: CausalSession, within: float) -> int | None:
    """How far a replica must have come that has all but the last `within` seconds; None if that is not known.

    Nobody in particular has written nothing. A mark that the caller brings along proves itself.
    """
    if not session.caller_id:
        return session.mark
    kept = await engine.marks.get(session.caller_id, within) if engine.marks else None
    if kept is None:
        return session.mark or None
    return max(kept, session.mark)


async def _has_replayed(node: Node, mark: int) -> bool:
    """Ask a replica that had not come to a mark when it was last polled."""
    try:
        async with asyncio.timeout(_ASK_SECONDS), lent(node.pool) as pg:
            with translated():
                return await state.replayed(pg) >= mark
    except (StateError, TimeoutError):
        return False
