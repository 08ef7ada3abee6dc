"""Logs: one JSON object per line on standard error, without personal data."""

import asyncio
import atexit
import json
import logging
import os
import sys
import time
import traceback
from datetime import UTC, datetime
from functools import lru_cache
from itertools import starmap

import structlog


class _JsonLine(logging.Formatter):
    """Formats lines of libraries; an exception is shown as its type and place, since its text may quote data."""

    def format(self, record: logging.LogRecord) -> str:
        line = {"level": record.levelname.lower(), "logger": record.name, "event": record.getMessage()}
        if record.exc_info and record.exc_info[1]:
            line["failure"] = place_of(record.exc_info[1])
        return json.dumps(line)


_calls_to: int | None = None
"""The file descriptor for lines about calls."""
_calls: list[tuple[str, str, str | None, float, str, str | None, float]] = []
"""Calls whose lines are written together, which costs half as much as one by one."""
_TOGETHER_SECONDS = 0.02


def configure(level: str) -> None:
    """Send the lines of this process and of its libraries to standard error from `level` on."""
    global _calls_to  # noqa: PLW0603  # like structlog's own configuration
    threshold = logging.getLevelNamesMapping()[level.upper()]
    _calls_to = sys.stderr.fileno() if threshold <= logging.INFO else None
    atexit.register(_write_calls)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLine())
    logging.basicConfig(level=max(threshold, logging.WARNING), handlers=[handler], force=True)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


def write_call(method: str, code: str, reason: str | None, seconds: float, request_id: str, caller: str | None) -> None:
    """Log a call that has ended, shortly afterwards; no value except `caller` may need escaping in JSON."""
    if _calls_to is None:
        return
    if not _calls:
        asyncio.get_running_loop().call_later(_TOGETHER_SECONDS, _write_calls)
    _calls.append((method, code, reason, seconds, request_id, caller, time.time()))


def _write_calls() -> None:
    lines = "".join(starmap(_line, _calls)).encode()
    _calls.clear()
    if lines and _calls_to is not None:
        os.write(_calls_to, lines)


def _line(
    method: str, code: str, reason: str | None, seconds: float, request_id: str, caller: str | None, ended_at: float
) -> str:
    """A line as structlog renders all other lines.

    With structlog a list of slots costs 30 % more CPU, a list of appointments 8 to 12 % and a booking 9 to 19 % more
    (`make bench PART=log`).
    """
    second = int(ended_at)
    quoted = f'"{reason}"' if reason else "null"
    return (
        f'{{"method": "{method}", "code": "{code}", "reason": {quoted}, "milliseconds": {seconds * 1000:.1f},'
        f' "request_id": "{request_id}", "caller": {_quoted(caller)}, "event": "call", "level": "info",'
        f' "timestamp": "{_clock(second)}.{int((ended_at - second) * 1e6):06}Z"}}\n'
    )


@lru_cache(maxsize=2)
def _clock(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}"


# Most calls come from few callers.
_quoted = lru_cache(maxsize=1_000)(json.dumps)


def place_of(error: BaseException) -> str:
    """Type and place of an exception and its causes, without their texts, which may quote personal data."""
    parts = []
    current: BaseException | None = error
    while current is not None:
        frames = traceback.extract_tb(current.__traceback__)
        parts.append(f"{type(current).__name__} at " + " < ".join(f"{f.filename}:{f.lineno}" for f in reversed(frames)))
        current = current.__cause__
    return " caused by ".join(parts)
