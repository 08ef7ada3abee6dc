"""Follows a stream: opens it again whenever it ends, until that cannot succeed."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from typing import Any, TypeVar

import grpc

from yoyaku.calls import ServiceCalls, metadata, pause
from yoyaku.errors import Unauthenticated, YoyakuError, error_of
from yoyaku.tracing import opening

Q = TypeVar("Q")
R = TypeVar("R")

# The server sends a message at least every 15 s.
_SILENCE = 40.0
_LONGEST_PAUSE = 10.0
MOST_RENEWALS = 12
"""How many tokens in a row may be refused: with the pauses between them for about a minute. For so long, a server that
has lost its primary database may refuse new tokens too, since they lack what it was told before."""
_BROKEN = {grpc.StatusCode.CANCELLED, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN}
"""Status codes of a broken connection; from the server itself these come with a reason."""


class StreamCalls(ServiceCalls):
    """Adds streams to the calls of a client."""

    async def _watch(
        self,
        name: str,
        method: grpc.aio.UnaryStreamMultiCallable[Q, R],
        request: Callable[[], Q],
        lost: Callable[[YoyakuError], None] = lambda _: None,
    ) -> AsyncGenerator[R, None]:
        """Every message except the final one of each stream; `request` makes the request for the next stream.

        `name` is what traces call the method. `lost` is called each time when no stream can be had for now. Raises a
        YoyakuError when another would fail too.
        """
        attempt, refused, renewals = 0, None, 0
        while True:
            token = await (self._token.current() if refused is None else self._token.instead_of(refused))
            headers, answered = opening(name)
            call = method(request(), metadata=(*metadata(token), *headers))
            try:
                async for message in _until_silent(call):
                    answered(None)
                    attempt, refused, renewals = 0, None, 0
                    yield message
                wait = random.uniform(0, 1)  # noqa: S311  # no secret
            except grpc.aio.AioRpcError as failure:
                answered(failure.code())
                error = error_of(failure)
                if isinstance(error, Unauthenticated) and refused != token and renewals < MOST_RENEWALS:
                    wait = before_renewal(renewals)
                    refused, renewals = token, renewals + 1
                else:
                    wait = _wait(error, attempt)
                    attempt += 1
                if wait:
                    lost(error)
            finally:
                answered(None)
                call.cancel()
            await asyncio.sleep(wait)


async def _until_silent(call: Any) -> AsyncGenerator[Any, None]:
    """The messages of one stream, until it closes or is silent for too long."""
    try:
        while True:
            message = await asyncio.wait_for(call.read(), _SILENCE)
            if message is grpc.aio.EOF or message.HasField("closing"):
                return
            yield message
    except TimeoutError:
        return


def before_renewal(renewals: int) -> float:
    """Seconds until the token is renewed once more: none if it was not renewed yet."""
    longest = min(_LONGEST_PAUSE, 2.0**renewals)
    return random.uniform(longest / 2, longest) if renewals else 0.0  # noqa: S311  # no secret


def _wait(error: YoyakuError, attempt: int) -> float:
    """Seconds until the next attempt; raises the error if another attempt cannot succeed."""
    seconds = pause(error, attempt, _LONGEST_PAUSE)
    if seconds is None and error.code in _BROKEN and not error.reason:
        return random.uniform(0, 1)  # noqa: S311  # no secret
    if seconds is None:
        raise error
    return seconds
