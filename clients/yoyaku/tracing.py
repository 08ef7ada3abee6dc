"""Traces of calls, for programs that have set up OpenTelemetry; needs the extra `yoyaku[otel]`."""

from collections.abc import Sequence

import grpc

try:
    from opentelemetry.instrumentation.grpc import aio_client_interceptors
    from opentelemetry.trace import ProxyTracerProvider, get_tracer_provider
except ImportError:  # without the extra

    def interceptors() -> Sequence[grpc.aio.ClientInterceptor]:
        """What to add to a channel: nothing."""
        return ()

else:

    def interceptors() -> Sequence[grpc.aio.ClientInterceptor]:
        """What to add to a channel: spans of calls and the header `traceparent`, if the program wants traces.

        Streams are left out: the library's span would last as long as the stream.
        """
        if isinstance(get_tracer_provider(), ProxyTracerProvider):  # what is there until one is set up
            return ()
        return [each for each in aio_client_interceptors() if isinstance(each, grpc.aio.UnaryUnaryClientInterceptor)]
