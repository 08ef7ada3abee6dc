"""Logs: lines on standard error, JSON or for people, without personal data."""

import json
import logging
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache, partial
from itertools import starmap
from typing import TypeAlias

import structlog
from structlog.dev import ConsoleRenderer
from structlog.processors import JSONRenderer, TimeStamper, add_log_level
from structlog.typing import EventDict

from server.telemetry import traces
from server.telemetry.traces import Trace

_LEVELS = logging.getLevelNamesMapping()
_calls_wanted = _trips_wanted = False

EndedCall: TypeAlias = tuple[str, str, str | None, float, str, str | None, Trace | None, float]
"""A call or stream that has ended: the path of its method, code, reason, seconds, request id, caller, trace, and when.

No text except the caller may need escaping in JSON.
"""


def no_ids() -> Mapping[str, str]:
    """The fields of lines that are not about a call: none."""
    return {}


def configure(level: str, form: str = "auto", ids: Callable[[], Mapping[str, str]] = no_ids) -> None:
    """Send the lines of this process and of its libraries to standard error from `level` on.

    `form` is json, or console for people; auto means console if standard error is a terminal. `ids` says what the
    running call is called, as in {"request_id": "..."}; the id of its trace is added.
    """
    global _line  # noqa: PLW0603  # like structlog's own configuration
    console = form == "console" or (form == "auto" and sys.stderr.isatty())
    renderer = for_people(colors=sys.stderr.isatty()) if console else JSONRenderer()
    _line = partial(_console_line, renderer) if isinstance(renderer, ConsoleRenderer) else _json_line

    def with_ids(_: object, __: str, line: EventDict) -> EventDict:
        trace_id = traces.trace_id()
        return {**({"trace_id": trace_id} if trace_id else {}), **ids(), **line}

    structlog.configure(
        processors=[with_ids, add_log_level, TimeStamper(fmt="iso", utc=True), renderer],
        logger_factory=_StandardError,
        # A logger that was used before follows a new level or a new standard error only if it is created again.
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, handlers=[_LibraryLines()], force=True)
    set_level(level)


def for_people(*, colors: bool) -> ConsoleRenderer:
    """Makes a line from the values of a JSON line."""
    return ConsoleRenderer(colors=colors, pad_event_to=0, pad_level=False, sort_keys=False)


def set_level(level: str) -> None:
    """Write lines from `level` on (debug, info, warning, error), from now on; libraries never write below warning."""
    global _calls_wanted, _trips_wanted  # noqa: PLW0603  # like structlog's own configuration
    threshold = _LEVELS[level.upper()]
    _calls_wanted = threshold <= logging.INFO
    _trips_wanted = threshold <= logging.DEBUG
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(threshold))
    logging.getLogger().setLevel(max(threshold, logging.WARNING))


class _StandardError:
    """Writes to the current standard error; if that fails, the line is lost and no call is affected."""

    def __init__(self, *_: object) -> None:
        """Created by structlog, with the arguments of get_logger."""

    @staticmethod
    def msg(line: str) -> None:
        _write(f"{line}\n")

    debug = info = warning = error = critical = msg


def _write(text: str) -> None:
    with suppress(OSError, ValueError):  # a full disk, or a stream that is closed
        sys.stderr.write(text)
        sys.stderr.flush()


class _LibraryLines(logging.Handler):
    """Passes on the lines of libraries; an exception is shown by type and place, because its text may quote data."""

    def emit(self, record: logging.LogRecord) -> None:
        about = {"logger": record.name}
        if record.exc_info and record.exc_info[1]:
            about["failure"] = place_of(record.exc_info[1])
        structlog.get_logger().log(record.levelno, record.getMessage(), **about)


def write_calls(calls: Iterable[EndedCall]) -> None:
    """Log calls that have ended."""
    if _calls_wanted:
        _write("".join(starmap(_line, calls)))


def write_trip(statement: str, seconds: float) -> None:
    """Log a round trip to the database, at level debug."""
    if _trips_wanted:
        structlog.get_logger().debug("trip to the database", statement=statement, milliseconds=round(seconds * 1000, 1))


def _json_line(
    method: str, code: str, reason: str | None, seconds: float, request_id: str, caller: str | None,
    trace: Trace | None, ended_at: float,
) -> str:  # fmt: skip
    """A line as structlog renders all other lines.

    With structlog a list of slots costs 30 % more CPU, a list of appointments 8 to 12 % and a booking 9 to 19 % more
    (`make bench PART=log`).
    """
    quoted = f'"{reason}"' if reason else "null"
    traced = f'"trace_id": "{trace.id}", ' if trace else ""
    return (
        f'{{"method": "{method}", "code": "{code}", "reason": {quoted}, "milliseconds": {seconds * 1000:.1f},'
        f' "request_id": "{request_id}", "caller": {_quoted(caller)}, {traced}"event": "call", "level": "info",'
        f' "timestamp": "{_time(ended_at)}"}}\n'
    )


def _console_line(
    renderer: ConsoleRenderer,
    method: str, code: str, reason: str | None, seconds: float, request_id: str, caller: str | None,
    trace: Trace | None, ended_at: float,
) -> str:  # fmt: skip
    line = {
        "timestamp": _time(ended_at), "level": "info", "event": "call", "method": method, "code": code,
        "reason": reason, "milliseconds": round(seconds * 1000, 1), "request_id": request_id, "caller": caller,
    } | ({"trace_id": trace.id} if trace else {})  # fmt: skip
    return f"{renderer(None, '', line)}\n"


def _time(ended_at: float) -> str:
    second = int(ended_at)
    return f"{_clock(second)}.{int((ended_at - second) * 1e6):06}Z"


@lru_cache(maxsize=2)
def _clock(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}"


# Most calls come from few callers.
_quoted = lru_cache(maxsize=1_000)(json.dumps)
_line: Callable[..., str] = _json_line


def place_of(error: BaseException) -> str:
    """Type and place of an exception and its causes, without their texts, which may quote personal data."""
    parts = []
    current: BaseException | None = error
    while current is not None:
        frames = traceback.extract_tb(current.__traceback__)
        parts.append(f"{type(current).__name__} at " + " < ".join(f"{f.filename}:{f.lineno}" for f in reversed(frames)))
        current = current.__cause__
    return " caused by ".join(parts)
