"""The span of a call: of each sampled one, and of each that failed or was slow."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import TracebackType

from opentelemetry.context import attach, detach
from opentelemetry.trace import (
    INVALID_SPAN,
    Link,
    Span,
    SpanKind,
    StatusCode,
    Tracer,
    get_current_span,
    set_span_in_context,
)

from server.telemetry import traces
from server.telemetry.traces import Trace

SLOW_SECONDS = 1.0
"""A call that takes longer leaves a span even if it is not sampled."""
FAULTS = frozenset({"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"})
"""Codes that OpenTelemetry counts as failures of a server; the others are about mistakes of callers."""
CALLERS_HEADER = "x-client-traceparent"
"""The caller's own trace, which the edge puts here; ours begins at the edge and refers to it."""
_CODE = "rpc.response.status_code"
_TOGETHER_NANOSECONDS = 20_000_000


def ended(method: str, code: str, reason: str | None, seconds: float, *, is_stream: bool) -> None:
    """Note how the running call ended: in its span, or in a span made now if it failed or was slow."""
    trace, tracer = traces.current(), traces.tracer()
    if trace is not None and trace.sampled:
        _finish(get_current_span(), code, reason)
    elif tracer is not None and (code in FAULTS or (seconds > SLOW_SECONDS and not is_stream)):
        now = time.time_ns()
        span = tracer.start_span(
            method[1:],
            trace.parent if trace else None,
            SpanKind.SERVER,
            _attributes(method),
            start_time=now - int(seconds * 1e9),
        )
        _finish(span, code, reason)
        span.end(now)
        traces.call_arrived({traces.W3C_HEADER: traces.header_of(span.get_span_context())})


def _finish(span: Span, code: str, reason: str | None) -> None:
    span.set_attribute(_CODE, code)
    if reason:
        span.set_attribute("error.type", reason)
    if code in FAULTS:
        span.set_status(StatusCode.ERROR)


def _attributes(method: str) -> dict[str, str]:
    return {"rpc.system.name": "grpc", "rpc.method": method[1:]}


class _CallSpan:
    """The span of a sampled call while it runs; `callers` names the caller's own trace.

    Gives a span that ignores everything: the library would write down exceptions, whose texts may quote personal data.
    """

    __slots__ = ("_span", "_token")

    def __init__(self, tracer: Tracer, trace: Trace, method: str, callers: str) -> None:
        link = traces.read(callers)
        self._span = tracer.start_span(
            method[1:],
            trace.parent,
            SpanKind.SERVER,
            _attributes(method),
            links=[_link(link)] if link else None,
        )

    def __enter__(self) -> Span:
        self._token = attach(set_span_in_context(self._span))
        return INVALID_SPAN

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        detach(self._token)
        if isinstance(error, asyncio.CancelledError):
            self._span.set_attribute(_CODE, "CANCELLED")
        self._span.end()


def call_span(method: str, callers: str) -> AbstractContextManager[Span]:
    """The span of the running call, from now until its end."""
    tracer, trace = traces.tracer(), traces.current()
    return _CallSpan(tracer, trace, method, callers) if tracer and trace else nullcontext(INVALID_SPAN)


def _link(trace: Trace) -> Link:
    return Link(get_current_span(trace.parent).get_span_context())


@contextmanager
def batches() -> Iterator[Callable[[int], None]]:
    """A function to call for each message of a stream with its bytes: messages sent together become one event."""
    trace = traces.current()
    if trace is None or not trace.sampled:
        yield _ignored
        return
    batch = _Batch(get_current_span())
    try:
        yield batch.sent
    finally:
        batch.close()


def _ignored(_: int) -> None:
    pass


class _Batch:
    """The messages since the last event."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self._began = self._messages = self._bytes = 0

    def sent(self, size: int) -> None:
        now = time.time_ns()
        if now - self._began > _TOGETHER_NANOSECONDS:
            self.close()
            self._began = now
        self._messages += 1
        self._bytes += size

    def close(self) -> None:
        if self._messages:
            counts = {"yoyaku.messages": self._messages, "yoyaku.bytes": self._bytes}
            self._span.add_event("messages sent", counts, self._began)
        self._messages = self._bytes = 0
