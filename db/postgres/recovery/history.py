"""What a server has written: a restored one lacks the end of what the one before it wrote."""

from dataclasses import dataclass
from typing import Any

import psycopg

from db.errors import Unreachable
from db.postgres.driver.connections import CONNECT_SECONDS, PEER_LOST

_SEGMENT_BYTES = "SELECT setting FROM pg_settings WHERE name = 'wal_segment_size'"
_LOG_BITS = 32


@dataclass(frozen=True, slots=True)
class History:
    """How far a server's WAL goes on its own timeline, and on each that it came from, in bytes."""

    ends: dict[int, int]
    segment_bytes: int

    def has(self, segment: str) -> bool:
        """Whether the server has written a segment of this name, or has begun to."""
        timeline, log, number = (int(segment[at : at + 8], 16) for at in (0, 8, 16))
        return (log << _LOG_BITS) + number * self.segment_bytes <= self.ends.get(timeline, -1)


def read(url: str) -> History:
    """The history of the server that accepts writes, by a role that may replicate. Raises Unreachable."""
    try:
        with psycopg.connect(
            url, replication="database", target_session_attrs="read-write", autocommit=True,
            application_name="yoyaku-backup", connect_timeout=CONNECT_SECONDS, **PEER_LOST,
        ) as pg:  # fmt: skip
            _, timeline, position, _ = _row(pg, "IDENTIFY_SYSTEM")
            ends = {int(timeline): _bytes(position)}
            if int(timeline) > 1:
                ends |= _branches(_row(pg, f"TIMELINE_HISTORY {int(timeline)}")[1])
            [size] = _row(pg, _SEGMENT_BYTES)
            return History(ends, int(size))
    except psycopg.Error as error:
        raise Unreachable("the server whose WAL is to be streamed does not answer") from error


def _branches(content: Any) -> dict[int, int]:
    """Where each earlier timeline ended: lines of a number, a position and a reason."""
    text = content.decode() if isinstance(content, bytes) else str(content)
    rows = [line.split() for line in text.splitlines() if line[:1].isdigit()]
    return {int(row[0]): _bytes(row[1]) for row in rows}


def _bytes(position: str) -> int:
    log, _, offset = position.partition("/")
    return (int(log, 16) << _LOG_BITS) + int(offset, 16)


def _row(pg: psycopg.Connection[Any], command: str) -> Any:
    return pg.execute(command.encode()).fetchone()
