"""`make bench PART=telemetry`: what metrics and traces cost a call, with one in twenty sampled as Envoy does it.

Two workers get the same calls in turns: one as in production, scraped and with a collector, and one that counts nothing
and makes no spans.
"""

import asyncio
import sys
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from rich.table import Table

from server.local.processes import ports
from tests.bench import cpu, parts
from tests.bench.calls import CREATE, LIST, SLOTS, BenchCall
from tests.bench.clinic import Clinic
from tests.bench.load import CALLS_AT_ONCE, Hammer, book_grpc
from tests.bench.parts import Target
from tests.bench.targets import answers_of, fill, token_of
from tests.fixtures.collector import Collector, collecting

COUNTS = {SLOTS: 8_000, LIST: 4_000, CREATE: 600}
"""How often a round makes a call."""
ONE_IN = 20
MOST = 1.10
"""The limit: CPU of a call with metrics and traces in that of one without."""
_DATABASE = "telemetry"
_WARM_UP = 100
_TURNS = 5
_EXPORTED_SECONDS = 2.0
"""Until the last spans are with the collector."""
_UNSAMPLED, _SAMPLED = (f"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0{flag}" for flag in (0, 1))


@dataclass
class _Load:
    """Makes the calls."""

    scratch: Path
    clinic: Clinic
    token: str
    sizes: dict[str, int] = field(default_factory=dict)

    def make(self, call: BenchCall, target: Target, count: int) -> None:
        """Call so often, one in twenty sampled."""
        sampled = count // ONE_IN
        for number, traceparent in ((count - sampled, _UNSAMPLED), (sampled, _SAMPLED)):
            if call == CREATE:
                bookings = [each.message() for each in islice(self.clinic.bookings, number)]
                asyncio.run(book_grpc(target.port, call.path, bookings, self.token, traceparent=traceparent))
            else:
                message = {SLOTS: self.clinic.slots_message(), LIST: self.clinic.list_message()}[call]
                size = self.sizes[call.name]
                Hammer(self.scratch, self.token, traceparent).grpc(
                    target.port, call.path, message, number, at_once=CALLS_AT_ONCE, answer_bytes=size
                )


def measure(scratch: Path, tell: Callable[[str], None], rounds: int) -> list[Table]:
    """A table of what came of it. Raises LocalError and LoadError."""
    costs: dict[tuple[str, str], list[float]] = {}
    with ExitStack() as stack:
        collector = stack.enter_context(collecting())
        server, _ = parts.postgres(stack, scratch)
        server.query(f"CREATE DATABASE {_DATABASE}")
        settings = parts.settings(stack, scratch, server.url(_DATABASE))
        clinic = asyncio.run(fill(settings))
        scraped = f"127.0.0.1:{ports.free(1)[0]}"
        told = {
            "YOYAKU_TRACES_ENDPOINT": collector.url,
            "YOYAKU_METRICS_LISTEN": scraped,
            "YOYAKU_METRICS_DIRECTORY": stack.enter_context(TemporaryDirectory(prefix="yoyaku-")),
        }
        workers = {
            "on": parts.worker(stack, settings, scratch, "on", **told),
            "off": parts.worker(stack, settings, scratch, "off", (sys.executable, "-m", "tests.bench.untold")),
        }
        load = _Load(scratch, clinic, asyncio.run(token_of(settings, clinic.staff_id)))
        answers = asyncio.run(answers_of(workers["off"].port, clinic, load.token))
        load.sizes = {name: len(answer) for name, answer in answers.items()}
        for number in range(1, rounds + 1):
            load.token = asyncio.run(token_of(settings, clinic.staff_id))
            for call in COUNTS:
                tell(f"round {number} of {rounds}: {call.name}")
                for name, used in _round(load, call, workers, scraped, collector).items():
                    costs.setdefault((call.name, name), []).append(used)
    return [_table(costs, len(collector.spans))]


def _round(
    load: _Load, call: BenchCall, workers: dict[str, Target], scraped: str, collector: Collector
) -> dict[str, float]:
    """CPU microseconds of a call of each worker, the export of its spans included; they take turns."""
    for target in workers.values():
        load.make(call, target, _WARM_UP)
    before = {name: cpu.seconds(target.pids) for name, target in workers.items()}
    arrived = len(collector.spans)
    for turn in range(_TURNS):
        for target in [*workers.values()][:: 1 if turn % 2 else -1]:
            load.make(call, target, COUNTS[call] // _TURNS)
    if call == SLOTS:
        # As many calls as 500 a second between two scrapes of Prometheus.
        with urllib.request.urlopen(f"http://{scraped}/metrics") as answer:  # our own
            answer.read()
    asyncio.run(asyncio.sleep(_EXPORTED_SECONDS))
    if len(collector.spans) - arrived < COUNTS[call] // ONE_IN:
        raise AssertionError("spans of the sampled calls are missing")
    return {name: (cpu.seconds(each.pids) - before[name]) / COUNTS[call] * 1e6 for name, each in workers.items()}


def _table(costs: dict[tuple[str, str], list[float]], spans: int) -> Table:
    table = Table(title=f"CPU of a call with metrics and traces (5 %), in us; {spans:,} spans", title_justify="left")
    for name in ("call", "off", "on", "on / off", "at most", "good"):
        table.add_column(name, justify="left" if name == "call" else "right")
    for call in COUNTS:
        on, off = costs[call.name, "on"], costs[call.name, "off"]
        ratio = median(mine / theirs for mine, theirs in zip(on, off, strict=True))
        table.add_row(
            call.name,
            f"{median(off):,.0f}",
            f"{median(on):,.0f}",
            f"{ratio:.2f}",
            f"{MOST:.2f}",
            "yes" if ratio <= MOST else "NO",
        )
    return table
