"""Traces: which one the running call or job belongs to, and spans within it.

Envoy begins a trace for each call and samples a few of them; its decision arrives in the header `traceparent`. Only
sampled calls make spans: for all others each function here is one look at a variable. Spans hold only closed sets:
names of our own, codes and reasons; nothing about a person.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from types import TracebackType
from typing import NamedTuple, TypeAlias

from opentelemetry.context import Context, attach, detach
from opentelemetry.propagators.aws import AwsXRayPropagator
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    TraceFlags,
    Tracer,
    get_current_span,
    set_span_in_context,
)

W3C_HEADER = "traceparent"
XRAY_HEADER = "x-amzn-trace-id"

Attributes: TypeAlias = Mapping[str, str | int]

_TRACEPARENT = re.compile(r"00-((?!0{32})[0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})").fullmatch
_ODD = "13579bdf"
_XRAY = AwsXRayPropagator()
_NO_SPAN: AbstractContextManager[None] = nullcontext()


class Trace(NamedTuple):
    """The trace of a call or job: its id in hexadecimal, the header that named it, and whether it is sampled."""

    id: str
    traceparent: str
    sampled: bool

    @property
    def parent(self) -> Context:
        """The parent of the next span."""
        return context_of(self.traceparent)

    @property
    def exemplar(self) -> dict[str, str]:
        """What links a measurement to the trace."""
        return {"trace_id": self.id}


_CURRENT: ContextVar[Trace | None] = ContextVar("trace", default=None)
current = _CURRENT.get
"""The trace of the running call or job."""
_tracer: Tracer | None = None
_takes_xray = False


def use(maker: Tracer | None, *, xray: bool = False) -> None:
    """Make spans with this tracer from now on, or with None, none; `xray`: take AWS X-Ray's header too."""
    global _tracer, _takes_xray  # one for a process, like the registry of metrics
    _tracer, _takes_xray = maker, xray


def tracer() -> Tracer | None:
    """The maker of spans; None if they go nowhere."""
    return _tracer


def trace_id() -> str | None:
    """The id of the running call's or job's trace in hexadecimal, None if it has none; as cheap as a variable."""
    trace = _CURRENT.get()
    return trace.id if trace else None


def exemplar() -> dict[str, str] | None:
    """What links a measurement to the running call's trace, if there are spans of it."""
    trace = _CURRENT.get()
    return trace.exemplar if trace and trace.sampled else None


def traceparent() -> str | None:
    """The header that lets a job go on in the running call's trace, if that is sampled."""
    trace = _CURRENT.get()
    return header_of(get_current_span().get_span_context()) if trace and trace.sampled else None


def call_arrived(headers: Mapping[str, str]) -> bool:
    """Note the trace of the call that begins in this task, by its headers; whether it is sampled."""
    header = headers.get(W3C_HEADER)
    if not header and _takes_xray and XRAY_HEADER in headers:
        found = get_current_span(_XRAY.extract({"X-Amzn-Trace-Id": headers[XRAY_HEADER]}))
        header = header_of(found.get_span_context())
    trace = read(header) if header else None
    _CURRENT.set(trace)
    return trace is not None and trace.sampled


def read(header: str) -> Trace | None:
    """The trace that a `traceparent` names; None for a text that is none."""
    found = _TRACEPARENT(header)
    # Without a tracer nothing is sampled; the id is still good for the log.
    return Trace(found[1], header, _tracer is not None and found[3][1] in _ODD) if found else None


def header_of(span: SpanContext) -> str:
    """The `traceparent` of what a span causes."""
    return f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags:02x}"


def context_of(header: str) -> Context:
    """The context in which a span is a child of what a `traceparent` names."""
    found = _TRACEPARENT(header)
    if found is None:
        return Context()
    remote = SpanContext(
        int(found[1], 16), int(found[2], 16), is_remote=True, trace_flags=TraceFlags(int(found[3], 16))
    )
    return set_span_in_context(NonRecordingSpan(remote), Context())


def span(
    name: str, attributes: Attributes | None = None, kind: SpanKind = SpanKind.INTERNAL
) -> AbstractContextManager[None]:
    """A span for the time of a block, if the call is sampled."""
    maker = _sampling()
    return _Active(maker, name, attributes, kind) if maker else _NO_SPAN


def reached(point: str) -> None:
    """Note in the span of the running call how far it has come, if it is sampled; a fifth of the cost of a span."""
    if _sampling():
        get_current_span().add_event(point)


def _sampling() -> Tracer | None:
    """The maker of spans, if the running call or job is sampled."""
    trace = _CURRENT.get()
    return _tracer if trace is not None and trace.sampled else None


@contextmanager
def continued(
    name: str, header: str | None, attributes: Attributes | None = None, kind: SpanKind = SpanKind.CONSUMER
) -> Iterator[None]:
    """Go on in the trace of the call that caused this work, for the time of a block, if that call was sampled."""
    trace = read(header) if header else None
    if trace is None or not trace.sampled or _tracer is None:
        yield
        return
    with belonging_to(trace), _Active(_tracer, name, attributes, kind):
        yield


@contextmanager
def belonging_to(trace: Trace) -> Iterator[None]:
    """Make spans children of what a trace's header names, for the time of a block."""
    mine, theirs = _CURRENT.set(trace), attach(trace.parent)
    try:
        yield
    finally:
        detach(theirs)
        _CURRENT.reset(mine)


def request_ended(name: str, seconds: float, attributes: Callable[[], Attributes]) -> None:
    """A span for a request to another program that has just ended, if the call is sampled."""
    if maker := _sampling():
        _ended(maker, name, seconds, attributes(), SpanKind.CLIENT)


def _ended(
    maker: Tracer,
    name: str,
    seconds: float,
    attributes: Attributes | None = None,
    kind: SpanKind = SpanKind.INTERNAL,
) -> None:
    now = time.time_ns()
    maker.start_span(name, kind=kind, attributes=attributes, start_time=now - int(seconds * 1e9)).end(now)


class _Active:
    """A span as the current one. The library's own way takes twice as long, and records the text of an exception."""

    __slots__ = ("_span", "_token")

    def __init__(self, maker: Tracer, name: str, attributes: Attributes | None, kind: SpanKind) -> None:
        self._span = maker.start_span(name, kind=kind, attributes=attributes)

    def __enter__(self) -> None:
        self._token = attach(set_span_in_context(self._span))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        detach(self._token)
        if error is not None:
            self._span.set_attribute("error.type", type(error).__name__)
        self._span.end()
