"""One scrape address for all processes of a task.

Each process serves its metrics on a socket in a shared directory. Whichever process can listen on the task's address
answers Prometheus for all of them; when it ends, another takes over within a second. So a task needs no extra process,
and a rolling restart loses at most one scrape.

A process that ends takes its socket along. One that is killed or hangs leaves it, with the time at which it was last
alive: so a scrape can tell since when a process has been silent.
"""

import json
import os
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import start_http_server
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar

from server.addresses import host_and_port
from server.telemetry.metrics import REGISTRY
from server.telemetry.readings import READINGS

_SUFFIX = ".sock"
_TIMEOUT_SECONDS = 2.0
_STEP_SECONDS = 1.0
"""How often a process notes that it is alive, and tries to answer for its task if no other does."""
_DEAD_SECONDS = 60.0
_SILENT = "yoyaku_process_silent_since_timestamp_seconds"
_LARGEST_BYTES = 16 << 20


@contextmanager
def exposed(readings: Collector, address: str, directory: str, name: str) -> Iterator[None]:
    """Serve the metrics of this process, and those of its whole task at host:port `address` if no other process does.

    `directory` is shared by the processes of the task; `name`, another for each, becomes the label `process`. Without
    an address nothing is served. Raises OSError if the directory cannot be used.
    """
    if not address:
        yield
        return
    registry = CollectorRegistry()
    for collector in (REGISTRY, readings):
        registry.register(collector)
    ProcessCollector(registry=registry)
    shared = Path(directory)
    shared.mkdir(parents=True, exist_ok=True)
    path = shared / f"{name}{_SUFFIX}"
    path.unlink(missing_ok=True)
    own, stopped = _Own(str(path), registry), threading.Event()
    threads = [
        threading.Thread(target=own.serve_forever, name="metrics", daemon=True),
        threading.Thread(target=_answer_for_all, args=(address, path, stopped), name="task metrics", daemon=True),
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopped.set()
        own.shutdown()
        own.server_close()
        path.unlink(missing_ok=True)
        for thread in threads:
            thread.join()


def answers(directory: str, name: str) -> bool:
    """Whether the process of this name gives its metrics: it has been put together, and is about to work."""
    return bool(_read(Path(directory) / f"{name}{_SUFFIX}"))


def _remove_dead(path: Path, began: float) -> None:
    """Remove what killed processes have left in whose place the one at `path` began.

    They are of the same kind, which is the name up to its hyphen.
    """
    last = min(began, time.time() - _DEAD_SECONDS)
    for other in path.parent.glob(f"{path.stem.partition('-')[0]}-*{_SUFFIX}"):
        with suppress(FileNotFoundError):
            if other.stat().st_mtime < last and not _read(other):
                other.unlink()


def _answer_for_all(address: str, path: Path, stopped: threading.Event) -> None:
    """Answer Prometheus' scrapes as soon as no other process of the task does; note at `path` that this one lives."""
    registry = CollectorRegistry()
    registry.register(_Task(path.parent))
    host, port = host_and_port(address, lowest=0)
    server, began = None, time.time()
    while not stopped.is_set():
        with suppress(OSError):
            os.utime(path)
        _remove_dead(path, began)
        if server is None:
            with suppress(OSError):  # another process of the task answers
                server, _ = start_http_server(port, host, registry=registry)
        stopped.wait(_STEP_SECONDS)
    if server:
        server.shutdown()
        server.server_close()


class _Own(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Writes the metrics of this process to each connection."""

    daemon_threads = True

    def __init__(self, path: str, registry: CollectorRegistry) -> None:
        self.registry = registry
        super().__init__(path, _Answer)


class _Answer(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server = self.server
        if isinstance(server, _Own):
            self.wfile.write(json.dumps(list(map(_packed, server.registry.collect()))).encode())


def _packed(family: Metric) -> tuple[str, str, str, list[tuple[Any, ...]]]:
    """A family as JSON: Prometheus' own text takes four times as long to write and read again."""
    return family.name, family.documentation, family.type, [(*sample[:3], sample.exemplar) for sample in family.samples]


class _Task(Collector):
    """The metrics of all processes with a socket in the directory, each with a label that names its process."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def collect(self) -> Iterator[Metric]:
        """The metric families of all processes that answer in time."""
        families: dict[str, Metric] = {}
        silent = GaugeMetricFamily(_SILENT, READINGS[_SILENT].help, labels=["process"])
        for path in sorted(self._directory.glob(f"*{_SUFFIX}")):
            if not (found := _read(path)):
                with suppress(FileNotFoundError):  # it has just ended
                    silent.add_metric([path.stem], path.stat().st_mtime)
            for name, documentation, kind, samples in found:
                merged = families.setdefault(name, Metric(name, documentation, kind))
                for sample, labels, value, exemplar in samples:
                    linked = Exemplar(*exemplar) if exemplar else None
                    merged.add_sample(sample, {**labels, "process": path.stem}, value, exemplar=linked)
        yield from families.values()
        if silent.samples:
            yield silent


def _read(path: Path) -> list[Any]:
    """The packed metrics of a process; none if it does not answer in full."""
    data = bytearray()
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_TIMEOUT_SECONDS)
        connection.connect(os.fspath(path))
        while len(data) < _LARGEST_BYTES and (part := connection.recv(1 << 16)):
            data += part
    try:
        found: list[Any] = json.loads(data)
    except ValueError:
        return []
    return found
