"""Calls, and trips to the database, that have ended: they are counted and logged a moment later, many together.

That costs half as much as each alone.
"""

import asyncio
import atexit
import time

from server.telemetry import logs, metrics, traces
from server.telemetry.logs import EndedCall
from server.telemetry.traces import Trace

_TOGETHER_SECONDS = 0.02
_FORGOTTEN_SECONDS = 1.0
"""After which another timer is set, should an event loop have ended before its own."""
_ended: list[EndedCall] = []
_trips: list[tuple[str, float, Trace | None]] = []
_due = 0.0


def call_ended(call: EndedCall) -> None:
    """Count and log a call."""
    _ended.append(call)
    _tell_soon(call[-1])


def trip_ended(name: str, seconds: float) -> None:
    """Count a round trip to PostgreSQL by the name of its main statement."""
    _trips.append((name, seconds, traces.current()))
    _tell_soon(time.time())


def stream_ended(stream: EndedCall) -> None:
    """Count and log a stream. How long it was open is not measured, since that depends on the client."""
    method, code, reason, *_ = stream
    metrics.stream_ended(method, reason or code)
    logs.write_calls([stream])


def _tell_soon(now: float) -> None:
    global _due  # noqa: PLW0603  # one for a process, like the registry of metrics
    if now >= _due:
        _due = now + _FORGOTTEN_SECONDS
        asyncio.get_running_loop().call_later(_TOGETHER_SECONDS, _tell)


def _tell() -> None:
    global _due  # noqa: PLW0603
    _due = 0.0
    metrics.trips_ended(_trips)
    _trips.clear()
    calls = _ended[:]
    _ended.clear()
    metrics.calls_ended(calls)
    logs.write_calls(calls)


atexit.register(_tell)
