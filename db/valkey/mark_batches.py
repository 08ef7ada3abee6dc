"""Requests about read marks that are sent to Valkey together, and what it holds."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import Connection

from db.valkey.signed_numbers import Command


@dataclass(frozen=True, slots=True)
class KnownMarks:
    """What Valkey holds: a caller's mark, the newest one that did not reach it at first, and the newest of all."""

    mark: int | None
    """None if no worker signed the stored value."""
    missed: int
    newest: int


@dataclass(slots=True)
class MarkBatch:
    """Requests that are sent together."""

    marks: dict[str, int] = field(default_factory=dict)
    asked: list[tuple[str, asyncio.Future[KnownMarks | None]]] = field(default_factory=list)
    is_shared: bool = False
    """Whether the marks and the epoch that concern all callers are sent too."""

    def settle(self, found: Mapping[str, KnownMarks]) -> None:
        """Answer all who wait for this batch."""
        for caller_id, answer in self.asked:
            if not answer.done():
                answer.set_result(found.get(caller_id))


async def answers(connection: Connection, commands: Sequence[Command]) -> list[Any]:
    """Send commands together; their answers."""
    await connection.send_packed_command(connection.pack_commands(commands))
    return [await connection.read_response() for _ in commands]
