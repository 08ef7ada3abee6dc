"""`make bench PART=database` and `PART=log`: what our own parts save against the ordinary ones.

There is a worker for each part, which has that part exchanged and is a worker of production otherwise. In every round
they get the same calls in turns; what counts is how much more CPU a call costs with the exchange.
"""

import asyncio
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from statistics import median

from rich.table import Table

from tests.bench import cpu, parts
from tests.bench.calls import CREATE, LIST, SLOTS, BenchCall
from tests.bench.load import CALLS_AT_ONCE, Hammer, book_grpc
from tests.bench.ordinary import outage, statements
from tests.bench.ordinary.parts import COUNTERPARTS, DATABASE, Part
from tests.bench.parts import Target
from tests.bench.targets import answers_of, fill, token_of

_COUNTS = {SLOTS: 8_000, LIST: 4_000, CREATE: 500}
"""How often a round makes a call: bookings as often as there are free slots for five rounds."""
_DATABASE = "ordinary"
_OURS = "ours"
_WARM_UP = 100
LEAST_GAIN = 0.05
"""What a part must save of one of the calls to be worth its lines."""


@dataclass
class Costs:
    """CPU microseconds of a call in each round, by call and program."""

    rounds: dict[tuple[str, str], list[float]] = field(default_factory=dict)

    def ours(self, call: BenchCall) -> float:
        """The median of our worker."""
        return median(self.rounds[call.name, _OURS])

    def gain(self, call: BenchCall, part: Part) -> float:
        """By which share of its own cost a call is dearer without our part: the median over the rounds."""
        pairs = zip(self.rounds[call.name, part], self.rounds[call.name, _OURS], strict=True)
        return median(theirs / ours for theirs, ours in pairs) - 1


def measure(scratch: Path, tell: Callable[[str], None], compared: Sequence[Part], rounds: int) -> list[Table]:
    """Tables of what came of it. Raises LocalError and LoadError."""
    # No database is asked for slots that are in memory.
    calls = (LIST, CREATE) if compared == DATABASE else (SLOTS, LIST, CREATE)
    with ExitStack() as stack:
        server, _ = parts.postgres(stack, scratch)
        server.query(f"CREATE DATABASE {_DATABASE}")
        settings = parts.settings(stack, scratch, server.url(_DATABASE))
        clinic = asyncio.run(fill(settings))
        workers = {_OURS: parts.worker(stack, settings, scratch)}
        for part in compared:
            program = (sys.executable, "-m", "tests.bench.ordinary", part)
            workers[part] = parts.worker(stack, settings, scratch, part, program)
        token = asyncio.run(token_of(settings, clinic.staff_id))
        sizes = {
            name: len(answer) for name, answer in asyncio.run(answers_of(workers[_OURS].port, clinic, token)).items()
        }
        messages = {SLOTS: clinic.slots_message(), LIST: clinic.list_message()}
        costs = Costs()

        def make(call: BenchCall, target: Target, count: int) -> None:
            if call == CREATE:
                bookings = [each.message() for each in islice(clinic.bookings, count)]
                asyncio.run(book_grpc(target.port, call.path, bookings, token))
            else:
                Hammer(scratch, token).grpc(
                    target.port, call.path, messages[call], count, at_once=CALLS_AT_ONCE, answer_bytes=sizes[call.name]
                )

        for number in range(1, rounds + 1):
            token = asyncio.run(token_of(settings, clinic.staff_id))
            for call in calls:
                tell(f"round {number} of {rounds}: {call.name}")
                for name, target in workers.items():
                    make(call, target, _WARM_UP)
                    before = cpu.seconds(target.pids)
                    make(call, target, _COUNTS[call])
                    used = (cpu.seconds(target.pids) - before) / _COUNTS[call] * 1e6
                    costs.rounds.setdefault((call.name, name), []).append(used)
        tables = [gains(costs, calls, compared)]
        if compared == DATABASE:
            tell("statements and loans")
            tables.append(_alone(statements.measure(server.url(_DATABASE), rounds)))
            tables.append(_outages(outage.measure()))
    return tables


def gains(costs: Costs, calls: Sequence[BenchCall], compared: Sequence[Part]) -> Table:
    """How much dearer a call is without each part of ours."""
    ours = ", ".join(f"{call.name} {costs.ours(call):,.0f}" for call in calls)
    table = Table(title=f"CPU of a call without a part of ours; with all of them, in us: {ours}", title_justify="left")
    for name in ("ours", "instead", *(call.name for call in calls), "worth it"):
        table.add_column(name, justify="right" if name in {call.name for call in calls} else "left")
    for part in compared:
        shares = [costs.gain(call, part) for call in calls]
        worth = "yes" if max(shares) >= LEAST_GAIN else "no"
        table.add_row(*COUNTERPARTS[part], *(f"{share:+.1%}" for share in shares), worth)
    return table


def _alone(costs: dict[str, float]) -> Table:
    table = Table(title="CPU of one of them, in us", title_justify="left")
    table.add_column("what")
    table.add_column("us", justify="right")
    for name, cost in costs.items():
        table.add_row(name, f"{cost:.1f}")
    return table


def _outages(found: dict[str, str]) -> Table:
    table = Table(title="While the server is away", title_justify="left")
    for name in ("pool", "a loan ends in"):
        table.add_column(name)
    for pool, end in found.items():
        table.add_row(pool, end)
    return table
