"""Runs the day: the stack, the people, the program that makes their calls, and what there is to read afterwards."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from rich.table import Table

from server.config import LocalSettings, Settings
from server.local.processes import ports
from server.local.servers import data_location, database, workers
from server.local.servers.postgres import PostgresServer
from server.local.stack import Stack
from server.local.state import StackState
from tests.bench import cpu
from tests.bench.day import people, report
from tests.bench.day.database import double_bookings, durations, log_durations, missing
from tests.bench.day.load import LoadPlan
from tests.bench.day.report import Book, Run
from tests.bench.day.tally import Tally
from tests.bench.load import LoadError
from tests.fixtures.collector import collecting

WARM_UP_SECONDS = 5
_COMPARED = 3
"""A comparison needs only so small a part of the time."""
_GROUPS = {
    "workers": ("worker-1", "worker-2"),
    "Envoy": ("envoy",),
    "PostgreSQL, primary": ("postgres-primary",),
    "PostgreSQL, standby": ("postgres-standby",),
    "Valkey": ("valkey",),
    "notification worker, mail": ("notifications", "outbox"),
}
_SERVERS = ("postgres-primary", "postgres-standby")


def measure(scratch: Path, tell: Callable[[str], None], seconds: int, rate: int) -> list[Table]:
    """Start the stack, let the day pass, and say what came of it. Raises LocalError and LoadError."""
    home = scratch / "stack"
    home.mkdir()
    try:
        with running(home, tell) as stack:
            found = stack.state
            tell("filling the book of a hospital group, signing in everybody")
            sessions = [asdict(each) for each in asyncio.run(people.signed_in(settings_of(found)))]
            primary, standby = _servers(home, found)
            log_durations((primary, standby))
            plan = LoadPlan(urlsplit(found.edge).port or 0, rate, WARM_UP_SECONDS, seconds, sessions, seed=1)
            tell(f"{len(sessions)} sessions, {rate} calls/s")
            whole = run_of("the whole stack", plan, found, scratch)
            tell("the same, with notices left waiting")
            with _held(found.pids["notifications"]):
                compared = replace(plan, seconds=seconds / _COMPARED, seed=2)
                runs = [whole, run_of("notices left waiting", compared, found, scratch)]
            wrong = double_bookings(primary), sum(missing(primary, run.tally) for run in runs)
        logs = home / "logs"
        book = Book(durations(logs / f"{name}.log" for name in _SERVERS), _days_served(logs), *wrong)
    finally:
        data_location.remove(home)
    for complaint in (each for run in runs for each in run.tally.complaints):
        tell(complaint)
    return [*map(report.calls, runs), report.rest(runs, book), report.cpu(runs)]


@contextmanager
def _held(pid: int) -> Iterator[None]:
    """Have a process do nothing for a while."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def running(home: Path, tell: Callable[[str], None]) -> Iterator[Stack]:
    """The whole stack, on ports of its own, with a collector for the traces of a twentieth. Raises LocalError."""
    port, tls_port, admin_port = ports.free(3)
    settings = LocalSettings(port=port, tls_port=tls_port, admin_port=admin_port)
    with collecting() as collector:
        stack = Stack(home, settings, {"YOYAKU_TRACES_ENDPOINT": collector.url}, lambda text, _: tell(text))
        try:
            stack.start(os.getpid())
            yield stack
        finally:
            stack.stop()
            tell(f"{len(collector.spans):,} spans were collected")


def settings_of(found: StackState) -> Settings:
    """Settings of a process on a running stack."""
    key = Path(found.key_encryption_key_file).read_text().strip()
    store = urlsplit(found.valkey_url)._replace(path="/1").geturl()
    return Settings.model_validate(
        {
            "database_url": found.database_url,
            "key_encryption_key": key,
            "cache_url": found.valkey_url,
            "token_store_url": store,
        }
    )


def _servers(home: Path, found: StackState) -> tuple[PostgresServer, PostgresServer]:
    primary, standby = (urlsplit(url).port or 0 for url in (found.database_url, found.replica_url))
    return database.servers(home, (primary, standby))


def run_of(name: str, plan: LoadPlan, found: StackState, scratch: Path) -> Run:
    """Have the calls of a plan made. Raises LoadError."""
    asked, said = scratch / "plan.json", scratch / "tally.json"
    asked.write_text(json.dumps(asdict(plan)))
    command: list[str | Path] = [sys.executable, "-m", "tests.bench.day.load", asked, said]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=workers.ROOT) as generator:
        assert generator.stdout
        _await(generator.stdout, "measuring")
        began, before = time.perf_counter(), _cpu(found, generator.pid)
        _await(generator.stdout, "measured")
        took, after = time.perf_counter() - began, _cpu(found, generator.pid)
    return Run(name, Tally.read(said), took, {group: after[group] - before[group] for group in after})


def _await(output: IO[str], word: str) -> None:
    if output.readline().strip() != word:
        raise LoadError("the program that makes the calls ended early; what it said is above")


def _cpu(found: StackState, generator: int) -> dict[str, float]:
    used = {name: sum(cpu.family_seconds(found.pids[each]) for each in parts) for name, parts in _GROUPS.items()}
    used["the program that makes the calls"] = cpu.seconds([generator])
    return used | {"all else on this machine": cpu.machine_seconds() - sum(used.values())}


def _days_served(logs: Path) -> dict[str, int]:
    lines = [line for log in logs.glob("worker-*.log") for line in log.read_text().splitlines()]
    counts = [json.loads(line) for line in lines if '"days served"' in line]
    if not counts:
        raise LoadError("no worker said where its days came from")
    return {source: sum(each[source] for each in counts) for source in ("memory", "valkey", "database")}
