"""What structlog offers for the line about a call."""

import structlog

_log = structlog.get_logger()


def write_call(method: str, code: str, reason: str | None, seconds: float, request_id: str, caller: str | None) -> None:
    """`server.telemetry.logs.write_call` by structlog."""
    _log.info(
        "call", method=method, code=code, reason=reason, milliseconds=round(seconds * 1000, 1), request_id=request_id,
        caller=caller,
    )  # fmt: skip
