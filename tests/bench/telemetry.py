"""`make bench PART=telemetry`: what metrics and traces cost a call, with one in twenty sampled as Envoy does it.

Two workers get the same calls in turns: one as in production, scraped and with a collector, and one that counts nothing
and makes no spans. So do the bare handlers of `limit.py`, whose goals hold with metrics and traces on.
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
from tests.bench.report import LIMITS
from tests.bench.rounds import COUNTS, WARM_UP
from tests.bench.targets import answers_of, fill, limit, token_of
from tests.fixtures.collector import Collector, collecting

ONE_IN = 20
MOST = 1.10
"""The limit: CPU of a call with metrics and traces in that of one without."""
_DATABASE = "telemetry"
_LIMIT = "limit"
_TURNS = {SLOTS: 3, LIST: 3, CREATE: 1}
"""Of each program in a round; a clinic has only so many free slots."""
_EXPORTED_SECONDS = 2.0
"""Until the last spans are with the collector."""
_UNSAMPLED, _SAMPLED = (f"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0{flag}" for flag in (0, 1))


@dataclass
class _Load:
    """Makes the calls."""

    scratch: Path
    clinic: Clinic
    token: str = ""
    sizes: dict[str, int] = field(default_factory=dict)

    def make(self, call: BenchCall, target: Target, count: int) -> None:
        """Call so often, one in twenty sampled."""
        sampled = count // ONE_IN
        for number, traceparent in ((count - sampled, _UNSAMPLED), (sampled, _SAMPLED)):
            if call == CREATE:
                bookings = list(islice(self.clinic.bookings, number))
                messages = [each.rows() if target.name == _LIMIT else each.message() for each in bookings]
                asyncio.run(book_grpc(target.port, call.path, messages, self.token, traceparent=traceparent))
            else:
                message = {SLOTS: self.clinic.slots_message(), LIST: self.clinic.list_message()}[call]
                if target.name == _LIMIT and call == LIST:
                    message = self.clinic.regular_id.encode()
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
        url = server.url(_DATABASE)
        settings = parts.settings(stack, scratch, url)
        load = _Load(scratch, asyncio.run(fill(settings)))
        for number in range(1, rounds + 1):
            load.token = asyncio.run(token_of(settings, load.clinic.staff_id))
            # Two processes of one program differ by up to 4 %, for as long as they live: each round has new ones.
            with ExitStack() as started:
                scraped = f"127.0.0.1:{ports.free(1)[0]}"
                told = {
                    "YOYAKU_TRACES_ENDPOINT": collector.url,
                    "YOYAKU_METRICS_LISTEN": scraped,
                    "YOYAKU_METRICS_DIRECTORY": started.enter_context(TemporaryDirectory(prefix="yoyaku-")),
                }
                untold = (sys.executable, "-m", "tests.bench.untold")
                workers = {
                    "on": parts.worker(started, settings, scratch, f"on-{number}", **told),
                    "off": parts.worker(started, settings, scratch, f"off-{number}", untold),
                }
                answers = asyncio.run(answers_of(workers["off"].port, load.clinic, load.token))
                load.sizes = {name: len(answer) for name, answer in answers.items()}
                workers[_LIMIT] = limit(started, url, answers, scratch)
                for call in COUNTS:
                    tell(f"round {number} of {rounds}: {call.name}")
                    for name, used in _round(load, call, workers, scraped, collector).items():
                        costs.setdefault((call.name, name), []).append(used)
    return [_table(costs, len(collector.spans))]


def _round(
    load: _Load, call: BenchCall, workers: dict[str, Target], scraped: str, collector: Collector
) -> dict[str, float]:
    """CPU microseconds of a call of each worker, the export of its spans included; they take turns."""
    arrived, count, turns = len(collector.spans), COUNTS[call], _TURNS[call]
    used: dict[str, float] = dict.fromkeys(workers, 0.0)
    for turn in range(turns):
        for name, target in [*workers.items()][:: 1 if turn % 2 else -1]:
            load.make(call, target, WARM_UP)
            before = cpu.seconds(target.pids)
            load.make(call, target, count)
            used[name] += cpu.seconds(target.pids) - before
    idle = {name: cpu.seconds(target.pids) for name, target in workers.items()}
    if call == SLOTS:
        # 500 calls a second between two scrapes of Prometheus would be as many.
        with urllib.request.urlopen(f"http://{scraped}/metrics") as answer:  # our own
            answer.read()
    asyncio.run(asyncio.sleep(_EXPORTED_SECONDS))
    if len(collector.spans) - arrived < turns * count // ONE_IN:
        raise AssertionError("spans of the sampled calls are missing")
    idle = {name: cpu.seconds(target.pids) - idle[name] for name, target in workers.items()}
    used["on"] += idle["on"] - idle["off"]
    return {name: seconds / (turns * count) * 1e6 for name, seconds in used.items()}


def _table(costs: dict[tuple[str, str], list[float]], spans: int) -> Table:
    table = Table(title=f"CPU of a call with metrics and traces (5 %), in us; {spans:,} spans", title_justify="left")
    for name in ("call", "against", "us", "on, us", "ratio", "at most", "good"):
        table.add_column(name, justify="left" if name in {"call", "against"} else "right")
    for call in COUNTS:
        for against, most in (("off", MOST), (_LIMIT, LIMITS[call][1])):
            on, other = costs[call.name, "on"], costs[call.name, against]
            ratio = median(mine / theirs for mine, theirs in zip(on, other, strict=True))
            good = "yes" if ratio <= most else "NO"
            figures = f"{median(other):,.0f}", f"{median(on):,.0f}", f"{ratio:.2f}", f"{most:.2f}"
            table.add_row(call.name, against, *figures, good)
    return table
