"""How a call is made: connection, token, deadline, retries."""

import asyncio
import copy
import random
from collections.abc import Callable
from typing import Self, TypeVar

import grpc

from yoyaku.connection import Connection, Tls, Token, TokenSource
from yoyaku.errors import Unauthenticated, Unavailable, YoyakuError, error_of

Q = TypeVar("Q")
R = TypeVar("R")
S = TypeVar("S")

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0


class Caller:
    """What every client has: one connection, a token, a deadline in seconds for each call with all its retries."""

    def __init__(
        self,
        address: str,
        *,
        token: TokenSource | None = None,
        tls: Tls | None = None,
        deadline: float = 5.0,
        keepalive: float = 60.0,
    ) -> None:
        """Take `https://HOST:PORT`, or `http://HOST:PORT` for plaintext (ValueError); `keepalive` is in seconds."""
        self.deadline = deadline
        self._connection = Connection(address, tls, keepalive)
        self._token = Token(token)

    def within(self, seconds: float) -> Self:
        """The same client with another deadline, on the same connection: `client.within(0.5).get_doctor(...)`."""
        other = copy.copy(self)
        other.deadline = seconds
        return other

    def _stub(self, kind: Callable[[grpc.aio.Channel], S]) -> S:
        return self._connection.stub(kind)

    async def _call(self, method: grpc.aio.UnaryUnaryMultiCallable[Q, R], request: Q) -> R:
        """The answer, or a YoyakuError once trying again is of no use or the deadline is near."""
        clock = asyncio.get_running_loop().time
        ends_at = clock() + self.deadline
        token, renewed, attempt = await self._token.current(), False, 0
        while True:
            try:
                return await method(request, timeout=ends_at - clock(), metadata=_metadata(token))
            except grpc.aio.AioRpcError as failure:
                error = error_of(failure)
            if isinstance(error, Unauthenticated) and not renewed:
                ended, token, renewed = token, await self._token.instead_of(token), True
                if token != ended:
                    continue
            pause = _pause(error, attempt)
            if pause is None or clock() + pause >= ends_at:
                raise error
            await asyncio.sleep(pause)
            attempt += 1


def _metadata(token: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {token}"),) if token else ()


def _pause(error: YoyakuError, attempt: int) -> float | None:
    """Seconds until the next attempt, with full jitter and not before the server wishes; None to give up."""
    if not isinstance(error, Unavailable) and error.retry_after is None:
        return None
    wished = error.retry_after.total_seconds() if error.retry_after else 0.0
    return wished + random.uniform(0, min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**attempt))  # noqa: S311  # no secret
