"""Makes calls: connection, token, deadline, retries."""

import asyncio
import copy
import random
from collections.abc import Awaitable, Callable
from typing import Self, TypeVar

import grpc

from yoyaku.connection import ClientConnection, Tls
from yoyaku.errors import DeadlineExceeded, Unauthenticated, Unavailable, YoyakuError, error_of
from yoyaku.tokens import Token, TokenSource
from yoyaku.v1 import auth_service_pb2 as pb
from yoyaku.v1.auth_service_pb2_grpc import AuthServiceStub

Q = TypeVar("Q")
R = TypeVar("R")
S = TypeVar("S")

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0
_SHORTEST_ATTEMPT = 0.05
"""Seconds. A shorter attempt would probably only report its own deadline, and hide the earlier error."""


class ServiceCalls:
    """The base of all clients: a connection, a token, and a deadline (s) for each call including its retries."""

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
        self._connection = ClientConnection(address, tls, keepalive)
        self._token = Token(token, self._refresh, self._exchange)

    def within(self, seconds: float) -> Self:
        """The same client with another deadline, on the same connection: `client.within(0.5).get_doctor(...)`."""
        other = copy.copy(self)
        other.deadline = seconds
        return other

    def _stub(self, kind: Callable[[grpc.aio.Channel], S]) -> S:
        return self._connection.stub(kind)

    async def _call(self, method: grpc.aio.UnaryUnaryMultiCallable[Q, R], request: Q) -> R:
        """The answer; raises a YoyakuError once a retry cannot help or the deadline is near."""
        ends_at = asyncio.get_running_loop().time() + self.deadline
        token = await _in_time(self._token.current(), ends_at)
        try:
            return await _retried(method, request, token, ends_at)
        except Unauthenticated:
            renewed = await _in_time(self._token.instead_of(token), ends_at)
            if renewed == token:
                raise
        return await _retried(method, request, renewed, ends_at)

    async def _call_openly(self, method: grpc.aio.UnaryUnaryMultiCallable[Q, R], request: Q) -> R:
        """As `_call`, for calls that need no access token."""
        return await _retried(method, request, "", asyncio.get_running_loop().time() + self.deadline)

    async def _refresh(self, refresh_token: str, request_id: str) -> pb.RefreshTokenResponse:
        request = pb.RefreshTokenRequest(refresh_token=refresh_token, request_id=request_id)
        return await self._call_openly(self._stub(AuthServiceStub).RefreshToken, request)

    async def _exchange(self, device_token: str) -> pb.ExchangeDeviceTokenResponse:
        request = pb.ExchangeDeviceTokenRequest(device_token=device_token)
        return await self._call_openly(self._stub(AuthServiceStub).ExchangeDeviceToken, request)


async def _retried(method: grpc.aio.UnaryUnaryMultiCallable[Q, R], request: Q, token: str, ends_at: float) -> R:
    clock, attempt = asyncio.get_running_loop().time, 0
    while True:
        try:
            return await method(request, timeout=ends_at - clock(), metadata=metadata(token))
        except grpc.aio.AioRpcError as failure:
            error = error_of(failure)
        wait = pause(error, attempt)
        if wait is None or clock() + wait + _SHORTEST_ATTEMPT >= ends_at:
            raise error
        await asyncio.sleep(wait)
        attempt += 1


async def _in_time(token: Awaitable[str], ends_at: float) -> str:
    """The token, if it arrives before the call's deadline."""
    try:
        async with asyncio.timeout_at(ends_at):
            return await token
    except TimeoutError:
        raise DeadlineExceeded(
            "no access token was received in time: try again", grpc.StatusCode.DEADLINE_EXCEEDED
        ) from None


def metadata(token: str) -> tuple[tuple[str, str], ...]:
    """The metadata of a call."""
    return (("authorization", f"Bearer {token}"),) if token else ()


def pause(error: YoyakuError, attempt: int, longest: float = _LONGEST_PAUSE) -> float | None:
    """Seconds until the next attempt, with full jitter and not before the server permits; None to give up."""
    if not isinstance(error, Unavailable) and error.retry_after is None:
        return None
    wished = error.retry_after.total_seconds() if error.retry_after else 0.0
    return wished + random.uniform(0, min(longest, _FIRST_PAUSE * 2**attempt))  # noqa: S311  # no secret
