"""One kept-alive HTTP/1.1 connection, as cheap as Python has it."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TypeAlias, cast

BROKEN = 0
"""The status of what got no answer."""

Answered: TypeAlias = Callable[[int, bytes], None]
"""Is told the status and the body of an answer."""


class Connection(asyncio.Protocol):
    """Sends requests one after the other: each waits for the answer of the one before."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[bytes, Answered]] = deque()
        self._transport: asyncio.WriteTransport | None = None
        self._arrived = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # No isinstance: uvloop's transports do not say what they are.
        self._transport = cast("asyncio.WriteTransport", transport)

    def ask(self, request: bytes, answered: Answered) -> None:
        """Send a request now, or as soon as those before it are answered."""
        if not self._transport:
            answered(BROKEN, b"the connection is gone")
            return
        self._waiting.append((request, answered))
        if len(self._waiting) == 1:
            self._transport.write(request)

    def close(self) -> None:
        """Close it; what waits gets no answer."""
        if self._transport:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._arrived += data
        head_ends = self._arrived.find(b"\r\n\r\n")
        if head_ends < 0:
            return
        body_begins = head_ends + 4
        ends = body_begins + _length(self._arrived[:head_ends].lower())
        if len(self._arrived) >= ends:
            status, body = int(self._arrived[9:12]), self._arrived[body_begins:ends]
            self._arrived = self._arrived[ends:]
            self._next(status, body)

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None
        while self._waiting:
            self._waiting.popleft()[1](BROKEN, b"the connection was lost")

    def _next(self, status: int, body: bytes) -> None:
        _, answered = self._waiting.popleft()
        if self._waiting and self._transport:
            self._transport.write(self._waiting[0][0])
        answered(status, body)


def _length(head: bytes) -> int:
    _, found, rest = head.partition(b"\r\ncontent-length: ")
    return int(rest.partition(b"\r\n")[0]) if found else 0
