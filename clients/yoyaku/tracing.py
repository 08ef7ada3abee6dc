"""Traces of calls, for programs that have set up OpenTelemetry; needs the extra `yoyaku[otel]`."""

from collections.abc import Callable, Sequence

import grpc

Headers = Sequence[tuple[str, str]]
Answered = Callable[[grpc.StatusCode | None], None]

try:
    from opentelemetry.instrumentation.grpc import aio_client_interceptors
    from opentelemetry.propagate import inject
    from opentelemetry.trace import (
        ProxyTracerProvider,
        SpanKind,
        StatusCode,
        get_tracer,
        get_tracer_provider,
        set_span_in_context,
    )
except ImportError:  # without the extra

    def interceptors() -> Sequence[grpc.aio.ClientInterceptor]:
        """What to add to a channel: nothing."""
        return ()

    def opening(method: str) -> tuple[Headers, Answered]:  # noqa: ARG001  # as below
        """What to add to a stream: nothing."""
        return (), _ignored

else:

    def interceptors() -> Sequence[grpc.aio.ClientInterceptor]:
        """What to add to a channel: spans of calls and the header `traceparent`, if the program wants traces.

        Streams have `opening`: the library's span would last as long as the stream, which is hours.
        """
        if not _is_set_up():
            return ()
        return [each for each in aio_client_interceptors() if isinstance(each, grpc.aio.UnaryUnaryClientInterceptor)]

    def opening(method: str) -> tuple[Headers, Answered]:
        """Begin the span of a stream that is about to be opened: the metadata to send, and what ends the span.

        That is called with None at the first message, or with the code of the failure.
        """
        if not _is_set_up():
            return (), _ignored
        attributes = {"rpc.system.name": "grpc", "rpc.method": method}
        span = get_tracer("yoyaku").start_span(method, kind=SpanKind.CLIENT, attributes=attributes)
        headers: dict[str, str] = {}
        inject(headers, set_span_in_context(span))

        def answered(code: grpc.StatusCode | None) -> None:
            if not span.is_recording():  # it has ended, or is not sampled
                return
            if code:
                span.set_attribute("rpc.response.status_code", code.name)
                span.set_status(StatusCode.ERROR)
            span.end()

        return [*headers.items()], answered

    def _is_set_up() -> bool:
        return not isinstance(get_tracer_provider(), ProxyTracerProvider)  # what is there until one is set up


def _ignored(_: grpc.StatusCode | None) -> None:
    pass
