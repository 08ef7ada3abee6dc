"""Envoy as a child process."""

import http.client
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from server.local.processes.ports import HOST
from server.local.processes.process import Process, start
from server.local.servers import binaries

DRAIN_SECONDS = 5.0
STOP_SECONDS = 5.0
CLUSTERS = ("workers", "streams", "public")
IN_FLIGHT = "/stats?filter=^http.edge.*downstream_rq_active"


def launch(configuration: Path, log: Path) -> Process:
    """Start Envoy. Raises LocalError."""
    options = ["--use-dynamic-base-id", "--log-level", "warning", "--drain-time-s", f"{DRAIN_SECONDS:.0f}"]
    return start("envoy", [binaries.envoy(), "-c", configuration, *options], log)


def await_ready(process: Process, port: int) -> None:
    """Wait until Envoy reports that there are healthy workers. Raises LocalError."""
    process.wait_until(lambda: is_ready(port))


def is_ready(port: int) -> bool:
    """Whether /readyz answers 200."""
    return _ask("GET", port, "/readyz")[0] == http.client.OK


def await_healthy(admin: str, port: int, seconds: float) -> None:
    """Wait until Envoy sends calls to the worker on this port, at most for `seconds`."""
    deadline = time.monotonic() + seconds
    while not is_healthy(admin, port) and time.monotonic() < deadline:
        time.sleep(0.1)


def is_healthy(admin: str, port: int) -> bool:
    """Whether Envoy sends calls to the worker on this port."""
    lines = _clusters(admin)
    return all(f"{cluster}::{HOST}:{port}::health_flags::healthy" in lines for cluster in CLUSTERS)


class Outcomes(NamedTuple):
    """Calls that workers have ended since Envoy knows them, and how many of them they failed (as HTTP: 5xx)."""

    calls: int
    failed: int

    def since(self, earlier: "Outcomes") -> "Outcomes":
        """What has been added."""
        return Outcomes(self.calls - earlier.calls, self.failed - earlier.failed)


def outcomes(admin: str, ports: Collection[int]) -> Outcomes:
    """Those of the workers on these ports, added up."""
    hosts = {f"{cluster}::{HOST}:{port}" for cluster in CLUSTERS for port in ports}
    counts = {"success": 0, "error": 0}
    for line in _clusters(admin):
        host, _, count = line.rpartition("::rq_")
        name, _, value = count.partition("::")
        if host in hosts and name in counts:
            counts[name] += int(value)
    return Outcomes(sum(counts.values()), counts["error"])


def _clusters(admin: str) -> list[str]:
    return _ask("GET", int(admin.rpartition(":")[2]), "/clusters")[1].splitlines()


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
