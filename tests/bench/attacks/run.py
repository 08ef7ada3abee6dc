"""The mixed day and open streams, quietly and then beside each attack: how long calls take, and what memory is left."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rich.table import Table

from db.postgres.cluster.engines import Connection
from db.postgres.cluster.transaction import read
from server.config import Settings
from server.local.servers import data_location, workers
from server.local.state import StackState
from server.wiring import wired
from tests.bench import cpu
from tests.bench.attacks.attack import ATTACKS, Target
from tests.bench.day import people
from tests.bench.day.load import LoadPlan
from tests.bench.day.run import run_of, running, settings_of
from tests.bench.day.tally import Tally, percentile
from tests.bench.streams import readers_of
from yoyaku.v1.schedule_service_pb2 import WatchSlotsRequest

SECONDS = 12.0
_WARM_UP_SECONDS = 3.0
_SETTLING_SECONDS = 3.0
_WATCH = "/yoyaku.v1.ScheduleService/WatchSlots"
_KINDS = ("slots", "list", "create")
_DAYS = 60
_QUIET = "none"


@dataclass(frozen=True)
class Beside:
    """What was measured beside one attack."""

    attack: str
    tally: Tally
    workers_mb: tuple[float, float]
    """Before and after."""
    envoy_mb: tuple[float, float]
    answers: dict[str, int]
    """How the attacker's requests were answered, by status."""

    def p99(self, kind: str) -> float:
        """Milliseconds."""
        return percentile(self.tally.calls[kind].seconds, 0.99) * 1e3


def measure(scratch: Path, tell: Callable[[str], None], rate: int, streams: int) -> list[Table]:
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
            plan = LoadPlan(target.port, rate, _WARM_UP_SECONDS, SECONDS, sessions[1:], seed=1)
            tokens = asyncio.run(readers_of(settings, max(streams, 200)))
            with _open_streams(target, streams, tokens, scratch):
                runs = []
                for number, attack in enumerate((_QUIET, *ATTACKS, _QUIET), 1):
                    tell(f"attack: {attack}")
                    runs.append(_beside(attack, replace(plan, seed=number), found, scratch))
    finally:
        data_location.remove(home)
    for complaint in (f"{run.attack}: {each}" for run in runs for each in run.tally.complaints):
        tell(complaint)
    return [_table(runs, streams, rate)]


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


@contextmanager
def _open_streams(target: Target, streams: int, tokens: list[str], scratch: Path) -> Iterator[None]:
    body, file = scratch / "request", scratch / "tokens"
    body.write_bytes(WatchSlotsRequest(doctor_ids=target.doctor_ids[:1], date=target.dates[0]).SerializeToString())
    file.write_text("\n".join(tokens))
    command: list[str | Path] = [
        sys.executable, "-m", "tests.bench.reader", str(target.port), str(streams), _WATCH, body, file,
    ]  # fmt: skip
    with (
        (scratch / "reader.out").open("w") as out,
        subprocess.Popen(command, stdout=out, cwd=workers.ROOT) as reader,
    ):
        try:
            time.sleep(_SETTLING_SECONDS)
            yield
        finally:
            reader.terminate()


def _beside(attack: str, plan: LoadPlan, found: StackState, scratch: Path) -> Beside:
    before = _memory(found)
    with _attacking(attack, scratch):
        run = run_of(attack, plan, found, scratch)
    time.sleep(_SETTLING_SECONDS)
    after, said = _memory(found), scratch / "answers.json"
    answers = json.loads(said.read_text()) if attack != _QUIET else {}
    return Beside(attack, run.tally, (before[0], after[0]), (before[1], after[1]), answers)


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


def _memory(found: StackState) -> tuple[float, float]:
    """MB of the workers, and of Envoy."""
    of_workers = sum(cpu.resident_mb(pid) for name, pid in found.pids.items() if name.startswith("worker-"))
    return of_workers, sum(map(cpu.resident_mb, cpu.family(found.pids["envoy"])))


def _table(runs: list[Beside], streams: int, rate: int) -> Table:
    title = f"{rate} calls/s and {streams} open streams beside attacks: p99 in ms, and x quiet"
    table = Table(title=title, title_justify="left")
    for name in ("attack", *_KINDS, "failed", "workers MB", "Envoy MB", "answers"):
        table.add_column(name, justify="left" if name == "attack" else "right")
    quiet = {kind: max(run.p99(kind) for run in runs if run.attack == _QUIET) for kind in _KINDS}
    for run in runs:
        waits = [f"{run.p99(kind):,.0f} ({run.p99(kind) / quiet[kind]:.1f} x)" for kind in _KINDS]
        failed = sum(each.failed for each in run.tally.calls.values())
        memory = [f"{before:,.0f} -> {after:,.0f}" for before, after in (run.workers_mb, run.envoy_mb)]
        answers = ", ".join(f"{status}: {count}" for status, count in sorted(run.answers.items()))
        table.add_row(run.attack, *waits, f"{failed:,}", *memory, answers)
    return table
