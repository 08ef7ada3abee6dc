"""Traces: which one the running call or job belongs to, and the spans that it leaves.

Envoy begins a trace for each call and samples a few of them; its decision arrives in the header `traceparent`. Only
sampled calls make spans: for all others each function here is one look at a variable. A call that failed or was slow
leaves a single span even so. Spans hold only closed sets: names of our own, codes and reasons; nothing about a person.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import NamedTuple, TypeAlias

from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import SpanContext, SpanKind, StatusCode, Tracer, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

SLOW_SECONDS = 1.0
"""A call that takes longer leaves a span even if it is not sampled."""
FAULTS = frozenset({"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"})
"""Codes that OpenTelemetry counts as failures of a server; the others tell callers of mistakes of their own."""

Attributes: TypeAlias = Mapping[str, str | int]

_TRACEPARENT = re.compile(r"00-((?!0{32})[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]([0-9a-f])")
_W3C = TraceContextTextMapPropagator()
_NO_SPAN: AbstractContextManager[None] = nullcontext()


class _Trace(NamedTuple):
    """The trace of a call or job: its id in hexadecimal, the header that named it, and whether it is sampled."""

    id: str
    traceparent: str
    sampled: bool


_CURRENT: ContextVar[_Trace | None] = ContextVar("trace", default=None)
_tracer: Tracer | None = None


def use(tracer: Tracer | None) -> None:
    """Make spans with this tracer from now on; with None, make none."""
    global _tracer  # noqa: PLW0603  # one for a process, like the registry of metrics
    _tracer = tracer


def trace_id() -> str | None:
    """The id of the running call's or job's trace in hexadecimal, None if it has none; as cheap as a variable."""
    current = _CURRENT.get()
    return current.id if current else None


def exemplar() -> dict[str, str] | None:
    """What links a measurement to the running call's trace, if there are spans of it."""
    current = _CURRENT.get()
    return {"trace_id": current.id} if current and current.sampled else None


def traceparent() -> str | None:
    """The header that lets a job go on in the running call's trace, if that is sampled."""
    current = _CURRENT.get()
    return _header(get_current_span().get_span_context()) if current and current.sampled else None


def call_arrived(header: str) -> bool:
    """Note the `traceparent` of the running call; whether the call is sampled."""
    found = _read(header)
    _CURRENT.set(found)
    return found is not None and found.sampled


def call_ended(method: str, code: str, reason: str | None, seconds: float, *, is_stream: bool = False) -> None:
    """Note how the running call ended: in its span, or in a span made now if it failed or was slow."""
    current = _CURRENT.get()
    if current is not None and current.sampled:
        span = get_current_span()
        span.set_attribute("rpc.response.status_code", code)
        if reason:
            span.set_attribute("error.type", reason)
        if code in FAULTS:
            span.set_status(StatusCode.ERROR)
    elif _tracer is not None and (code in FAULTS or (seconds > SLOW_SECONDS and not is_stream)):
        _leave_a_span(_tracer, current, method, code, reason, seconds)


def _leave_a_span(
    tracer: Tracer, current: _Trace | None, method: str, code: str, reason: str | None, seconds: float
) -> None:
    now = time.time_ns()
    attributes = {**call_attributes(method), "rpc.response.status_code": code}
    if reason:
        attributes["error.type"] = reason
    span = tracer.start_span(
        method[1:],
        _context(current.traceparent) if current else Context(),
        SpanKind.SERVER,
        attributes,
        start_time=now - int(seconds * 1e9),
    )
    if code in FAULTS:
        span.set_status(StatusCode.ERROR)
    span.end(now)
    _CURRENT.set(_read(_header(span.get_span_context())))


def call_attributes(method: str) -> dict[str, str]:
    """What a span says of a method, given by its path."""
    return {"rpc.system.name": "grpc", "rpc.method": method[1:]}


def span(
    name: str, attributes: Attributes | None = None, kind: SpanKind = SpanKind.INTERNAL
) -> AbstractContextManager[None]:
    """A span for the time of a block, if the call is sampled."""
    current = _CURRENT.get()
    if current is None or not current.sampled or _tracer is None:
        return _NO_SPAN
    return _active(_tracer, name, attributes, kind)


@contextmanager
def continued(
    name: str, header: str | None, attributes: Attributes | None = None, kind: SpanKind = SpanKind.CONSUMER
) -> Iterator[None]:
    """Go on in the trace of the call that caused this work, for the time of a block; None if it is not sampled."""
    found = _read(header) if header else None
    if found is None or not found.sampled or _tracer is None:
        yield
        return
    mine, theirs = _CURRENT.set(found), attach(_context(found.traceparent))
    try:
        with _active(_tracer, name, attributes, kind):
            yield
    finally:
        detach(theirs)
        _CURRENT.reset(mine)


def request_ended(name: str, seconds: float, attributes: Callable[[], Attributes]) -> None:
    """A span for a request to another program that has just ended, if the call is sampled."""
    current = _CURRENT.get()
    if current is not None and current.sampled and _tracer is not None:
        now = time.time_ns()
        began = now - int(seconds * 1e9)
        _tracer.start_span(name, kind=SpanKind.CLIENT, attributes=attributes(), start_time=began).end(now)


@contextmanager
def _active(tracer: Tracer, name: str, attributes: Attributes | None, kind: SpanKind) -> Iterator[None]:
    # The library would record the text of an exception, which may quote personal data.
    with tracer.start_as_current_span(
        name, kind=kind, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as active:
        try:
            yield
        except Exception as error:
            active.set_attribute("error.type", type(error).__name__)
            raise


def _read(header: str) -> _Trace | None:
    found = _TRACEPARENT.fullmatch(header)
    # Without a tracer nothing is sampled; the id is still good for the log.
    return _Trace(found[1], header, _tracer is not None and found[2] in "13579bdf") if found else None


def _header(of: SpanContext) -> str:
    return f"00-{of.trace_id:032x}-{of.span_id:016x}-{of.trace_flags:02x}"


def _context(header: str) -> Context:
    return _W3C.extract({"traceparent": header}, Context())
