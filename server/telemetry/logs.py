"""Logs: one JSON object a line on standard error, without personal data."""

import json
import logging
import sys
import traceback

import structlog


class _JsonLine(logging.Formatter):
    """Lines of libraries; an exception is shown as its type and place, since its text may quote data."""

    def format(self, record: logging.LogRecord) -> str:
        line = {"level": record.levelname.lower(), "logger": record.name, "event": record.getMessage()}
        if record.exc_info and record.exc_info[1]:
            line["failure"] = place_of(record.exc_info[1])
        return json.dumps(line)


def configure(level: str) -> None:
    """Send the lines of this process and of its libraries to standard error from `level` on."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
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


def place_of(error: BaseException) -> str:
    """Type and place of an exception, its causes included, without its text: that may quote personal data."""
    parts = []
    current: BaseException | None = error
    while current is not None:
        frames = traceback.extract_tb(current.__traceback__)
        parts.append(f"{type(current).__name__} at " + " < ".join(f"{f.filename}:{f.lineno}" for f in reversed(frames)))
        current = current.__cause__
    return " caused by ".join(parts)
