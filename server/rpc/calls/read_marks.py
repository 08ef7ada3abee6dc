"""Callers read their own writes: the metadata of an answer, and what the next call may send back.

The answer to CreateAppointment carries x-yoyaku-read-mark: 5000. If the caller's GetAppointment sends that mark, a
replica that has replayed only up to 4900 does not answer it; another replica or the primary does.
"""

from db.postgres.cluster.routing import ReadMarkContext

READ_MARK = "x-yoyaku-read-mark"
"""Metadata of an answer to a write: the read mark from which on a server has it. A caller that sends the highest one
that it got never reads a state from before it, whichever server answers."""
STALENESS = "x-yoyaku-staleness"
"""Metadata of an answer from a replica while the primary is unreachable: how old the data may be, in seconds."""
_MOST_DIGITS = 18


def mark_of(given: str) -> int:
    """The read mark that a caller sent; 0 if the text is not a mark."""
    return int(given) if given.isascii() and given.isdecimal() and len(given) <= _MOST_DIGITS else 0


def headers_of(context: ReadMarkContext) -> list[tuple[str, str]]:
    """The metadata of the answer."""
    headers = []
    if context.written:
        headers.append((READ_MARK, str(context.mark)))
    if context.staleness is not None:
        headers.append((STALENESS, f"{context.staleness:.1f}"))
    return headers
