"""A caller reads what the caller wrote: what the answer tells of it, and what the next call may bring back."""

from db.postgres.cluster.routing import CausalSession

READ_MARK = "x-yoyaku-read-mark"
"""Metadata. In the answer to a write: how far the book must have come for the caller to see it. A caller that sends the
highest one along is never answered from before it, whichever way the call takes."""
STALENESS = "x-yoyaku-staleness"
"""Metadata of an answer that comes from a replica because the primary is away: in seconds, how old it may be."""
_MOST_DIGITS = 18


def mark_of(given: str) -> int:
    """The mark that a caller sent along, 0 if it is none."""
    return int(given) if given.isascii() and given.isdecimal() and len(given) <= _MOST_DIGITS else 0


def headers_of(session: CausalSession) -> list[tuple[str, str]]:
    """What the answer tells."""
    headers = []
    if session.written:
        headers.append((READ_MARK, str(session.mark)))
    if session.staleness is not None:
        headers.append((STALENESS, f"{session.staleness:.1f}"))
    return headers
