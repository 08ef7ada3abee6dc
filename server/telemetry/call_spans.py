"""The span of a call: of each sampled one, and of each that failed or was slow."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from opentelemetry.trace import INVALID_SPAN, Link, Span, SpanKind, StatusCode, get_current_span

from server.telemetry import traces
from server.telemetry.traces import Trace

SLOW_SECONDS = 1.0
"""A call that takes longer leaves a span even if it is not sampled."""
FAULTS = frozenset({"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"})
"""Codes that OpenTelemetry counts as failures of a server; the others tell callers of mistakes of their own."""
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
        traces.call_arrived(traces.header_of(span.get_span_context()))


def _finish(span: Span, code: str, reason: str | None) -> None:
    span.set_attribute(_CODE, code)
    if reason:
        span.set_attribute("error.type", reason)
    if code in FAULTS:
        span.set_status(StatusCode.ERROR)


def _attributes(method: str) -> dict[str, str]:
    return {"rpc.system.name": "grpc", "rpc.method": method[1:]}


@contextmanager
def call_span(method: str, callers: str) -> Iterator[Span]:
    """The span of a sampled call while it runs; `callers` names the caller's own trace.

    Yields a span that ignores everything: the library would write down exceptions, whose texts may quote personal data.
    """
    tracer, link = traces.tracer(), traces.read(callers)
    if tracer is None:
        yield INVALID_SPAN
        return
    with tracer.start_as_current_span(
        method[1:],
        kind=SpanKind.SERVER,
        attributes=_attributes(method),
        links=[_link(link)] if link else None,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            yield INVALID_SPAN
        except asyncio.CancelledError:
            span.set_attribute(_CODE, "CANCELLED")
            raise


def _link(trace: Trace) -> Link:
    return Link(get_current_span(trace.parent).get_span_context())


def remote() -> AbstractContextManager[None]:
    """Make the next span a child of the one that made the running call, for the time of a block."""
    trace = traces.current()
    return traces.belonging_to(trace) if trace else nullcontext()


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
