"""Begins every call of our services; calls of health and reflection pass through unchanged."""

from collections.abc import Awaitable, Callable
from typing import Any

import grpc

from server.rpc.calls.call_lifecycle import Callers, begin
from server.rpc.calls.deadlines import Deadlines
from server.rpc.calls.stalled_readers import StalledReaders
from server.rpc.calls.streaming import stream_handler
from server.rpc.calls.tracing import SampledCalls
from server.rpc.calls.unary import unary_handler

_OURS = "/yoyaku."


class CallInterceptor(grpc.aio.ServerInterceptor):
    """Wraps each method of our services, once, in the steps that all calls share; grpc runs it in the call's task."""

    def __init__(self, callers: Callers, stalled: StalledReaders) -> None:
        self._callers = callers
        self._stalled = stalled
        self._deadlines = Deadlines()
        self._wrapped: dict[str, Any] = {}
        self._sampled = SampledCalls()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """The handler of the called method, wrapped if it is one of ours."""
        method = handler_call_details.method
        found = self._wrapped.get(method)
        if found is None:
            found = await continuation(handler_call_details)
            if found is None or not method.startswith(_OURS):
                return found
            if found.response_streaming:
                found = stream_handler(method, found, self._callers, self._deadlines, self._stalled)
            else:
                found = unary_handler(method, found, self._callers, self._deadlines)
            self._wrapped[method] = found
        sampled = begin(method, handler_call_details.invocation_metadata or ())
        return await self._sampled.traced(found, handler_call_details) if sampled else found
