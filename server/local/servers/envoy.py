"""Envoy as a child process."""

import http.client
import time
from contextlib import suppress
from pathlib import Path

from server.local.processes.ports import HOST
from server.local.processes.process import Process, start
from server.local.servers import binaries

START_SECONDS = 30.0
DRAIN_SECONDS = 5.0
STOP_SECONDS = 5.0
IN_FLIGHT = "/stats?filter=^http.edge.*downstream_rq_active"


def launch(configuration: Path, log: Path) -> Process:
    """Start Envoy. Raises LocalError."""
    options = ["--use-dynamic-base-id", "--log-level", "warning", "--drain-time-s", f"{DRAIN_SECONDS:.0f}"]
    return start("envoy", [binaries.envoy(), "-c", configuration, *options], log)


def await_ready(process: Process, port: int) -> None:
    """Wait until Envoy reports that there are healthy workers. Raises LocalError."""
    process.wait_until(lambda: is_ready(port), START_SECONDS)


def is_ready(port: int) -> bool:
    """Whether /readyz answers 200."""
    return _ask("GET", port, "/readyz")[0] == http.client.OK


def await_healthy(admin: str, port: int, seconds: float) -> None:
    """Wait until Envoy sends calls to the worker on this port, at most for `seconds`."""
    admin_port, deadline = int(admin.rpartition(":")[2]), time.monotonic() + seconds
    wanted = [f"{cluster}::{HOST}:{port}::health_flags::healthy" for cluster in ("workers", "streams", "public")]
    while time.monotonic() < deadline:
        lines = _ask("GET", admin_port, "/clusters")[1].splitlines()
        if all(line in lines for line in wanted):
            return
        time.sleep(0.1)


def drain(admin_port: int) -> None:
    """Refuse new calls, then wait for running calls to end, at most for DRAIN_SECONDS."""
    for path in ("/healthcheck/fail", "/drain_listeners?graceful"):
        _ask("POST", admin_port, path)
    deadline = time.monotonic() + DRAIN_SECONDS
    while _in_flight(admin_port) and time.monotonic() < deadline:
        time.sleep(0.1)


def _in_flight(admin_port: int) -> bool:
    counts = [line.rpartition(": ")[2] for line in _ask("GET", admin_port, IN_FLIGHT)[1].splitlines()]
    return any(count not in {"", "0"} for count in counts)


def _ask(method: str, port: int, path: str) -> tuple[int, str]:
    """The status and body of an answer; status 0 if there is no answer."""
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    with suppress(OSError, http.client.HTTPException):
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        finally:
            connection.close()
    return 0, ""
