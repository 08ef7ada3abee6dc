"""Logs: one JSON object a line on standard error, without personal data."""

import asyncio
import atexit
import json
import logging
import os
import sys
import traceback
from datetime import UTC, datetime

import structlog


class _JsonLine(logging.Formatter):
    """Lines of libraries; an exception is shown as its type and place, since its text may quote data."""

    def format(self, record: logging.LogRecord) -> str:
        line = {"level": record.levelname.lower(), "logger": record.name, "event": record.getMessage()}
        if record.exc_info and record.exc_info[1]:
            line["failure"] = place_of(record.exc_info[1])
        return json.dumps(line)


_calls_to: int | None = None
"""Where lines about calls go."""
_calls: list[str] = []
"""Lines about calls that wait for being written together: a write of its own costs as much as making the line."""
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


def write_call(
    *, method: str, code: str, reason: str | None, milliseconds: float, request_id: str, caller: str | None
) -> None:
    """A line about a call that has ended; none of the values but `caller` needs escaping.

    In the form of all lines, but rendered by hand: every call pays for it, and structlog takes four times as long.
    """
    if _calls_to is None:
        return
    line = (
        f'{{"method": "{method}", "code": "{code}", "reason": {_quoted(reason)}, "milliseconds": {milliseconds:.1f},'
        f' "request_id": "{request_id}", "caller": {json.dumps(caller)}, "event": "call", "level": "info",'
        f' "timestamp": "{datetime.now(UTC).replace(tzinfo=None).isoformat()}Z"}}\n'
    )
    if not _calls:
        asyncio.get_running_loop().call_later(_TOGETHER_SECONDS, _write_calls)
    _calls.append(line)


def _write_calls() -> None:
    lines = "".join(_calls).encode()
    _calls.clear()
    if lines and _calls_to is not None:
        os.write(_calls_to, lines)


def _quoted(value: str | None) -> str:
    return f'"{value}"' if value else "null"


def place_of(error: BaseException) -> str:
    """Type and place of an exception, its causes included, without its text: that may quote personal data."""
    parts = []
    current: BaseException | None = error
    while current is not None:
        frames = traceback.extract_tb(current.__traceback__)
        parts.append(f"{type(current).__name__} at " + " < ".join(f"{f.filename}:{f.lineno}" for f in reversed(frames)))
        current = current.__cause__
    return " caused by ".join(parts)
