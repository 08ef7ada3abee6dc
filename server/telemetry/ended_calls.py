"""Calls, and trips to the database, that have ended: they are counted and logged a moment later, many together.

That costs half as much as each alone.
"""

import asyncio
import atexit
import time

from server.telemetry import logs, metrics, traces
from server.telemetry.logs import CallLine
from server.telemetry.traces import Trace

_TOGETHER_SECONDS = 0.02
_FORGOTTEN_SECONDS = 1.0
"""After which another timer is set, should an event loop have ended before its own."""
_ended: list[CallLine] = []
_trips: list[tuple[str, float, Trace | None]] = []
_due = 0.0


def call_ended(method: str, code: str, reason: str | None, seconds: float, request_id: str, caller: str | None) -> None:
    """Count and log a call; `method` is the path of one of our methods, and `seconds` how long it took.

    No text except `caller` may need escaping in JSON.
    """
    now = time.time()
    _ended.append((method, code, reason, seconds, request_id, caller, traces.current(), now))
    _tell_soon(now)


def trip_ended(name: str, seconds: float) -> None:
    """Count a round trip to PostgreSQL by the name of its main statement."""
    _trips.append((name, seconds, traces.current()))
    _tell_soon(time.time())


def stream_ended(
    method: str, code: str, reason: str | None, seconds: float, request_id: str, caller: str | None
) -> None:
    """Count and log a stream. How long it was open is not measured, since that depends on the client."""
    metrics.stream_ended(method, reason or code)
    logs.write_calls([(method, code, reason, seconds, request_id, caller, traces.current(), time.time())])


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
    metrics.calls_ended(
        [(method, code, reason, seconds, trace) for method, code, reason, seconds, _, _, trace, _ in calls]
    )
    logs.write_calls(calls)


atexit.register(_tell)
