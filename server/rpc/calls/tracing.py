"""The spans of sampled calls: opentelemetry-instrumentation-grpc, with what it does not do right for us put right."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import grpc
from opentelemetry.instrumentation.grpc._aio_server import OpenTelemetryAioServerInterceptor
from opentelemetry.trace import NoOpTracer

from server.rpc.calls.current_call import current
from server.telemetry import call_spans


class SampledCalls(OpenTelemetryAioServerInterceptor):  # type: ignore[misc]  # without types
    """Gives a sampled call its span, for about 100 us; `call_spans.ended` notes how the call ended."""

    def __init__(self) -> None:
        super().__init__(NoOpTracer())  # `call_spans` has the tracer
        self._traced: dict[str, Any] = {}

    async def traced(self, handler: Any, details: grpc.HandlerCallDetails) -> Any:
        """The handler of a method, with a span for the time that it runs."""
        wrapped = self._traced.get(details.method)
        if wrapped is None:

            async def found(_: grpc.HandlerCallDetails) -> Any:
                return handler

            wrapped = self._traced[details.method] = await self.intercept_service(found, details)
        return wrapped

    def _intercept_aio_server_stream(self, behavior: Callable[..., Any], handler_call_details: Any) -> Any:
        # The library expects streams to be generators; ours write their messages themselves.
        return self._intercept_aio_server_unary(behavior, handler_call_details)

    def _set_remote_context(self, servicer_context: Any) -> AbstractContextManager[None]:
        return nullcontext()  # `call_span` knows the parent

    def _start_span(
        self, handler_call_details: Any, context: Any, set_status_on_exception: bool = False
    ) -> AbstractContextManager[Any]:
        # The library's names of attributes are old ones, and it notes addresses and programs of callers.
        return call_spans.call_span(handler_call_details.method, current().callers_trace)
