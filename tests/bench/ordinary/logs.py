"""What structlog offers for the line about a call."""

from functools import cache
from typing import Any

import structlog


@cache
def _log() -> Any:
    """Bound once: the fastest that it can be."""
    return structlog.get_logger().bind()


def write_call(method: str, code: str, reason: str | None, seconds: float, request_id: str, caller: str | None) -> None:
    """`server.telemetry.logs.write_call` by structlog."""
    _log().info(
        "call", method=method, code=code, reason=reason, milliseconds=round(seconds * 1000, 1), request_id=request_id,
        caller=caller,
    )  # fmt: skip
