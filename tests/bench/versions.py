"""Compares versions of grpcio: calls a second and CPU per call of the bare handler, and a burst of streams."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from rich.table import Table

from server.local.processes import ports
from server.local.processes.process import start
from server.local.servers import workers
from tests.bench import cpu
from tests.bench.bare import HOST, STREAM, UNARY
from tests.bench.load import CALLS_AT_ONCE, Hammer, framed

VERSIONS = ("1.78.2", "1.80.1", "1.84.2", "1.85.1")
_UVLOOP = "uvloop==0.23.0"
_CALLS = 10_000
_WARM_UP = 500
_STREAMS = 2_000
_CONNECTIONS = (10, 20, 40)
_PATIENCE_SECONDS = 10
_ANSWER = b"x" * 500
_ENDED = re.compile(r"requests: .* (\d+) succeeded")


@dataclass
class Version:
    """What was measured of one; one element a round."""

    name: str
    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    hung: list[int] = field(default_factory=list)
    """Of three bursts of 2,000 streams, the calls that had not ended ten seconds after the last sign of life."""


def compare(names: Sequence[str], rounds: int, scratch: Path) -> Table:
    """Measure the versions in turns."""
    (scratch / "answer").write_bytes(_ANSWER)
    versions = [Version(name) for name in names]
    for version in versions:
        _install(version.name)
    for _ in range(rounds):
        for version in versions:
            _unary(version, scratch)
            version.hung.append(sum(_hung(version, connections, scratch) for connections in _CONNECTIONS))
    return _table(versions)


def _environment(version: str) -> Path:
    return workers.ROOT / ".venv-bench" / f"grpcio-{version}"


def _install(version: str) -> None:
    home = _environment(version)
    if (home / "installed").exists():
        return
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, home], check=True)
    packages = [f"grpcio=={version}", _UVLOOP]
    subprocess.run([*uv, "pip", "install", "--quiet", "--python", home / "bin/python", *packages], check=True)
    (home / "installed").touch()


@contextmanager
def _serving(version: str, scratch: Path) -> Iterator[tuple[int, int]]:
    """A bare server; its port and process number."""
    (port,) = ports.free(1)
    command: list[str | Path] = [
        _environment(version) / "bin/python", "-m", "tests.bench.bare", str(port), scratch / "answer"
    ]  # fmt: skip
    process = start("bare", command, scratch / "bare.log", environment=dict(os.environ), directory=workers.ROOT)
    try:
        workers.await_ready(process, port)
        yield port, process.pid
    finally:
        process.stop(seconds=1)


def _unary(version: Version, scratch: Path) -> None:
    hammer = Hammer(scratch, "")
    with _serving(version.name, scratch) as (port, pid):

        def call(count: int) -> float:
            return hammer.grpc(port, UNARY, b"", count, at_once=CALLS_AT_ONCE, answer_bytes=len(_ANSWER)).seconds

        call(_WARM_UP)
        before = cpu.seconds([pid])
        version.rates.append(_CALLS / call(_CALLS))
        version.costs.append((cpu.seconds([pid]) - before) / _CALLS * 1e6)


def _hung(version: Version, connections: int, scratch: Path) -> int:
    """How many calls of a burst of streams do not end."""
    body = scratch / "body"
    body.write_bytes(framed(b""))
    with _serving(version.name, scratch) as (port, _):
        command = ["h2load", "-n", str(_STREAMS), "-c", str(connections), "-m", str(_STREAMS // connections),
                   "-N", f"{_PATIENCE_SECONDS}s", "-d", str(body), "-H", "content-type: application/grpc",
                   "-H", "te: trailers", f"http://{HOST}:{port}{STREAM}"]  # fmt: skip
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    ended = _ENDED.search(output)
    return _STREAMS - int(ended[1]) if ended else _STREAMS


def _table(versions: Sequence[Version]) -> Table:
    table = Table(title="grpcio: bare handler, 500 ready bytes, 16 calls at once", title_justify="left")
    for name in (
        "grpcio",
        "calls/s",
        "least to most",
        "CPU us",
        "least to most",
        "hung of 3 x 2,000 streams, by round",
    ):
        table.add_column(name, justify="right")
    for each in versions:
        hung = ", ".join(map(str, each.hung))
        table.add_row(each.name, *_spread(each.rates), *_spread(each.costs), hung)
    return table


def _spread(values: Sequence[float]) -> tuple[str, str]:
    """Median, and the range."""
    return f"{median(values):,.0f}", f"{min(values):,.0f} to {max(values):,.0f}"
