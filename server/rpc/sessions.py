"""A caller reads what the caller wrote: what the answer tells of it, and what the next call may bring back."""

from collections.abc import Iterator

from db.postgres.routing import SESSION, CausalSession

READ_MARK = "x-yoyaku-read-mark"
"""Metadata. In the answer to a write: how far the book must have come for the caller to see it. A caller that sends the
highest one along is never answered from before it, whichever way the call takes."""
STALENESS = "x-yoyaku-staleness"
"""Metadata of an answer that comes from a replica because the primary is away: in seconds, how old it may be."""
_MOST_DIGITS = 18


def open_session(caller_id: str, given: str) -> CausalSession:
    """The session of the running task; `given` is the mark that the caller sent along, which counts if it is one."""
    mark = int(given) if given.isascii() and given.isdecimal() and len(given) <= _MOST_DIGITS else 0
    session = CausalSession(caller_id, mark)
    SESSION.set(session)
    return session


def headers_of(session: CausalSession) -> Iterator[tuple[str, str]]:
    """What the answer tells."""
    if session.written:
        yield READ_MARK, str(session.mark)
    if session.staleness is not None:
        yield STALENESS, f"{session.staleness:.1f}"
