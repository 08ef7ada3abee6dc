"""The mixed day and open streams, quietly and then beside each attack: how long calls take, and what memory is left."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, astuple, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import httpx
from rich.table import Table

from db.postgres.cluster.engines import Connection
from db.postgres.cluster.transaction import read
from server.config import Settings
from server.local.servers import data_location, workers
from server.local.state import StackState
from server.wiring import wired
from tests.bench import cpu
from tests.bench.attacks.attack import Target
from tests.bench.attacks.streams import Delays, Streams, board, open_streams
from tests.bench.day import people
from tests.bench.day.load import LoadPlan
from tests.bench.day.run import run_of, running, settings_of
from tests.bench.day.tally import Tally, percentile

_WARM_UP_SECONDS = 3.0
_SETTLING_SECONDS = 5.0
_KINDS = ("slots", "list", "create")
_DAYS = 60
_QUIET = "none"


@dataclass(frozen=True)
class Memory:
    """What the processes hold, in MB."""

    workers: float
    envoy: float
    envoy_allocated: float
    """Of it, what is in use: the rest its allocator keeps for later."""


@dataclass(frozen=True)
class Beside:
    """What was measured beside one attack."""

    attack: str
    tally: Tally
    delays: Delays
    before: Memory
    after: Memory
    answers: dict[str, int]
    """How the attacker's requests were answered, by status."""

    def p99(self, kind: str) -> float:
        """Milliseconds of a kind of call, or of the days of streams."""
        seconds = self.delays.seconds if kind == "stream" else self.tally.calls[kind].seconds
        return percentile(seconds, 0.99) * 1e3


@dataclass(frozen=True)
class AttackPlan:
    """What to measure: calls a second and open streams, for so long beside each of the attacks."""

    rate: int
    streams: int
    seconds: float
    attacks: Sequence[str]

    @property
    def runs(self) -> list[str]:
        """In this order: quiet at first, at last and in the middle."""
        half = len(self.attacks) // 2
        return [_QUIET, *self.attacks[:half], _QUIET, *self.attacks[half:], _QUIET]


def measure(scratch: Path, tell: Callable[[str], None], plan: AttackPlan) -> list[Table]:
    """Start the stack and measure beside each attack. Raises LocalError and LoadError."""
    home = scratch / "stack"
    home.mkdir()
    try:
        with running(home, tell) as stack:
            found, settings = stack.state, settings_of(stack.state)
            tell("filling the book of a hospital group, signing in everybody")
            sessions = [asdict(each) for each in asyncio.run(people.signed_in(settings))]
            target = asyncio.run(_target(found, settings, sessions))
            (scratch / "target.json").write_text(json.dumps(asdict(target)))
            load = LoadPlan(target.port, plan.rate, _WARM_UP_SECONDS, plan.seconds, sessions[1:], seed=0)
            followed = asyncio.run(board(settings, plan.streams))
            tell(f"opening {plan.streams} streams")
            with open_streams(target.port, followed, scratch) as streams:
                run_of("caches fill", load, found, scratch)
                runs = []
                for number, attack in enumerate(plan.runs, 1):
                    tell(f"attack: {attack}")
                    runs.append(_beside(attack, replace(load, seed=number), found, streams, scratch))
    finally:
        data_location.remove(home)
    for complaint in (f"{run.attack}: {each}" for run in runs for each in run.tally.complaints):
        tell(complaint)
    return [_times(runs, streams.count, plan.rate), _rest(runs)]


async def _target(found: StackState, settings: Settings, sessions: list[dict[str, Any]]) -> Target:
    """What the first patient knows: all doctors of a zone, a clinic of theirs, and the days to come."""
    today = datetime.now(UTC).date()
    dates = [(today + timedelta(days=number)).isoformat() for number in range(1, _DAYS)]
    token, doctors = sessions[0]["token"], list(sessions[0]["doctor_ids"])
    async with wired(settings) as parts:

        async def clinic(pg: Connection) -> str:
            row = await (await pg.execute("SELECT clinic_id FROM doctors WHERE id = %s", (doctors[0],))).fetchone()
            return str(row[0]) if row else ""

        return Target(urlsplit(found.edge).port or 0, token, await read(parts.engine, clinic), doctors, dates)


def _beside(attack: str, load: LoadPlan, found: StackState, streams: Streams, scratch: Path) -> Beside:
    before = _memory(found)
    with _attacking(attack, scratch), streams.changing() as delays:
        run = run_of(attack, load, found, scratch)
    time.sleep(_SETTLING_SECONDS)
    said = scratch / "answers.json"
    answers = json.loads(said.read_text()) if attack != _QUIET else {}
    return Beside(attack, run.tally, delays, before, _memory(found), answers)


@contextmanager
def _attacking(attack: str, scratch: Path) -> Iterator[None]:
    if attack == _QUIET:
        yield
        return
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "tests.bench.attacks.attack",
        attack,
        scratch / "target.json",
        scratch / "answers.json",
    ]
    with subprocess.Popen(command, cwd=workers.ROOT) as attacker:
        try:
            yield
        finally:
            attacker.terminate()


def _memory(found: StackState) -> Memory:
    of_workers = sum(cpu.resident_mb(pid) for name, pid in found.pids.items() if name.startswith("worker-"))
    allocated = int(httpx.get(f"{found.admin}/memory").json()["allocated"])
    return Memory(of_workers, sum(map(cpu.resident_mb, cpu.family(found.pids["envoy"]))), allocated / 1e6)


def _times(runs: list[Beside], streams: int, rate: int) -> Table:
    title = f"{rate} calls/s and {streams:,} open streams beside attacks: p99 in ms, and x the median of the quiet runs"
    table = Table(title=title, title_justify="left")
    for name in ("attack", *_KINDS, "a change until it is on streams"):
        table.add_column(name, justify="left" if name == "attack" else "right")
    kinds = (*_KINDS, "stream")
    quiet = {kind: median(run.p99(kind) for run in runs if run.attack == _QUIET) for kind in kinds}
    for run in runs:
        table.add_row(run.attack, *(f"{run.p99(kind):,.0f} ({run.p99(kind) / quiet[kind]:.1f} x)" for kind in kinds))
    return table


def _rest(runs: list[Beside]) -> Table:
    table = Table(title="The same: what failed, and memory before and after in MB", title_justify="left")
    for name in ("attack", "failed calls", "missed days", "workers", "Envoy", "allocated", "answers to the attacker"):
        table.add_column(name, justify="left" if name == "attack" else "right")
    for run in runs:
        failed = sum(each.failed for each in run.tally.calls.values())
        pairs = zip(astuple(run.before), astuple(run.after), strict=True)
        memory = [f"{before:,.0f} -> {after:,.0f}" for before, after in pairs]
        answers = ", ".join(f"{status}: {count:,}" for status, count in sorted(run.answers.items()))
        table.add_row(run.attack, f"{failed:,}", f"{run.delays.missed:,}", *memory, answers)
    return table
