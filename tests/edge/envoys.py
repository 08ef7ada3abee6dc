"""A real Envoy for the tests."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import httpx

from server.edge.limits import Bucket, Limits
from server.edge.render import Address, EdgeValues, render
from server.local.processes.ports import free
from tests.fixtures.waiting import eventually

ENVOY = Path(sys.executable).with_name("envoy")
START_SECONDS = 20
HEAP_BYTES = 1 << 31
UNHEALTHY_THRESHOLD = 2
NEVER = 1_000_000
"""As a threshold: a worker that hangs stays in use, however long the test takes."""
CONNECTIONS = 20_000
NO_LIMITS = Limits(*[Bucket(1_000_000, 1_000_000)] * len(fields(Limits)))


@dataclass(frozen=True)
class Edge:
    """A running Envoy: where it listens, where its files are."""

    url: str
    admin: str
    metrics: str
    directory: Path

    def log(self) -> str:
        """What it has printed so far: the access log and its warnings."""
        return (self.directory / "log").read_text()

    def log_every_refusal(self) -> None:
        """Instead of one in a hundred."""
        httpx.post(f"{self.admin}/runtime_modify?log.refused=100").raise_for_status()


def validate(configuration: Path) -> subprocess.CompletedProcess[str]:
    """Let Envoy read the configuration without running it."""
    command: list[str | Path] = [ENVOY, "--mode", "validate", "--log-level", "error", "-c", configuration]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@contextmanager
def running_envoy(
    directory: Path,
    workers: Sequence[Address],
    keys_cache_seconds: int = 60,
    heap_bytes: int = HEAP_BYTES,
    unhealthy_threshold: int = UNHEALTHY_THRESHOLD,
    connections: int = CONNECTIONS,
    **others: Any,
) -> Iterator[Edge]:
    """Envoy in front of these workers, until the end; it lives as long as the thread that calls this."""
    port, admin_port, keys_port, metrics_port = free(4)
    values = EdgeValues(
        listen=("127.0.0.1", port),
        admin_port=admin_port,
        keys_port=keys_port,
        metrics=("127.0.0.1", metrics_port),
        workers=workers,
        **others,
    )
    url, admin, metrics = (f"http://127.0.0.1:{each}" for each in (port, admin_port, metrics_port))
    edge = Edge(url, admin, metrics, directory)
    configuration = render(values, directory)
    text = configuration.read_text()
    for usual, here in (
        ('"cache_duration": "60s"', f'"cache_duration": "{keys_cache_seconds}s"'),
        (f'"max_heap_size_bytes": {HEAP_BYTES}', f'"max_heap_size_bytes": {heap_bytes}'),
        (f'"unhealthy_threshold": {UNHEALTHY_THRESHOLD}', f'"unhealthy_threshold": {unhealthy_threshold}'),
        (f'"max_active_downstream_connections": {CONNECTIONS}', f'"max_active_downstream_connections": {connections}'),
    ):
        assert usual in text
        text = text.replace(usual, here)
    configuration.write_text(text)
    command: list[str | Path] = [ENVOY, "-c", configuration, "--use-dynamic-base-id", "--concurrency", "1",
               "--log-level", "warning", "--file-flush-interval-msec", "50"]  # fmt: skip
    with (directory / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            _wait_until_alive(edge, process)
            yield edge
        finally:
            process.terminate()


def wait_for_readyz(edge: Edge, status: int) -> None:
    """Until Envoy finds its workers so."""
    eventually(lambda: httpx.get(f"{edge.url}/readyz").status_code == status, otherwise=edge.log)


def _wait_until_alive(edge: Edge, process: subprocess.Popen[bytes]) -> None:
    def is_alive() -> bool:
        assert process.poll() is None, f"Envoy ended at once: {edge.log()}"
        with suppress(httpx.TransportError):
            return httpx.get(f"{edge.url}/healthz").status_code == httpx.codes.OK
        return False

    eventually(is_alive, START_SECONDS, otherwise=edge.log)
