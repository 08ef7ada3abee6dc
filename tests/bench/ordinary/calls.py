"""What asyncio, grpc.aio and structlog offer around a call."""

from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import structlog

from server.rpc.call_lifecycle import TokenVerifier, begin
from server.rpc.streaming import stream_handler
from server.rpc.unary import unary_handler

_log = structlog.get_logger()


class Interceptor(grpc.aio.ServerInterceptor):
    """What begins calls as `server.rpc.unary.Calls` does, as an interceptor."""

    def __init__(self) -> None:
        self.tokens: TokenVerifier | None = None
        self._wrapped: dict[str, Any] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Wrap a method of our services, once, and begin its call."""
        method = handler_call_details.method
        found = self._wrapped.get(method)
        if found is None:
            found = await continuation(handler_call_details)
            if found is None or not method.startswith("/yoyaku.") or self.tokens is None:
                return found
            wrap = stream_handler if found.response_streaming else unary_handler
            found = self._wrapped[method] = wrap(method, found, self.tokens)
        begin(method, handler_call_details.invocation_metadata or ())
        return found


class Services:
    """Our services as generated code adds them, asked one after another; stands where `Calls` stands."""

    def __init__(self, interceptor: Interceptor, tokens: TokenVerifier) -> None:
        interceptor.tokens = tokens
        self._services: list[Any] = []

    def add_generic_rpc_handlers(self, handlers: Any) -> None:
        """Add a service."""
        self._services.extend(handlers)

    def add_registered_method_handlers(self, service: str, methods: object) -> None:
        """What grpc.aio makes no use of."""

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        """The method that is called, if it is one of ours."""
        return next((found for each in self._services if (found := each.service(details))), None)


def write_call(method: str, code: str, reason: str | None, seconds: float, request_id: str, caller: str | None) -> None:
    """`server.telemetry.logs.write_call` by structlog."""
    _log.info(
        "call", method=method, code=code, reason=reason, milliseconds=round(seconds * 1000, 1), request_id=request_id,
        caller=caller,
    )  # fmt: skip
