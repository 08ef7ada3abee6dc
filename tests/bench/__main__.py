"""`make bench`: what a call costs, against its limit and against the ordinary stack."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from server.local import LocalError
from tests.bench import edge, growth, notifications, rate, report, search, streams, telemetry, versions, visits
from tests.bench.attacks import run as attacks
from tests.bench.attacks.attack import ATTACKS
from tests.bench.attacks.run import AttackPlan
from tests.bench.calls import CREATE, LIST, SLOTS
from tests.bench.day import run as day
from tests.bench.flash_crowd import run as flash_crowd
from tests.bench.load import LoadError
from tests.bench.ordinary import measure as ordinary
from tests.bench.ordinary.parts import DATABASE, LOG
from tests.bench.rounds import Bench
from tests.bench.targets import BENCH_PYTHON, running

_CALLS = {"slots": SLOTS, "list": LIST, "create": CREATE}


class Part(StrEnum):
    """What to measure."""

    ALL = "all"
    SLOTS = "slots"
    LIST = "list"
    CREATE = "create"
    GRPCIO = "grpcio"
    GROWTH = "growth"
    SEARCH = "search"
    NOTIFICATIONS = "notifications"
    STREAMS = "streams"
    RATE = "rate"
    DAY = "day"
    EDGE = "edge"
    DATABASE = "database"
    LOG = "log"
    TELEMETRY = "telemetry"
    ATTACKS = "attacks"
    CROWD = "crowd"
    VISITS = "visits"


def main(
    part: Annotated[
        Part,
        typer.Argument(
            help="all: the three calls; grpcio: its versions; growth: a large book; search: a million patients;"
            " notifications: the queue;"
            " streams: fan-out; rate: bookings a second; day: a mixed day over the whole stack; edge: Envoy's filters;"
            " database, log: parts of our own beside the ordinary ones; telemetry: metrics and traces;"
            " visits: types, rooms and holds;"
            " attacks: a mixed day beside attacks; crowd: a flash crowd beside the desk."
        ),
    ] = Part.ALL,
    rounds: Annotated[int, typer.Option(min=1, max=5, help="How often everything is measured, in turns.")] = 5,
    seconds: Annotated[
        int | None, typer.Option(min=3, max=300, help="For day and attacks: how long is measured, after a warm-up.")
    ] = None,
    per_second: Annotated[
        int | None, typer.Option(min=50, max=5_000, help="For day and attacks: calls a second.")
    ] = None,
    open_streams: Annotated[
        int, typer.Option("--streams", min=200, max=5_000, help="For attacks: streams that are open meanwhile.")
    ] = 2_000,
    attack: Annotated[list[str] | None, typer.Option(help="For attacks: one of them; may be repeated.")] = None,
    versions_of_grpcio: Annotated[str, typer.Option("--versions", help="For grpcio, with commas.")] = ",".join(
        versions.VERSIONS
    ),
) -> None:
    """Measure on a database of its own and print tables."""
    console, status = Console(width=150), Console(stderr=True)
    scratch = Path(tempfile.mkdtemp(prefix="yoyaku-bench-"))

    def tell(text: str) -> None:
        status.print(f"  {text}")

    def all_or_one() -> Iterable[object]:
        calls = [call for name, call in _CALLS.items() if part in {Part.ALL, name}]
        with running(scratch) as targets:
            results = Bench(targets, scratch).run(calls, rounds, tell)
        return report.details(results), report.goals(results, calls), report.memory(results)

    measures: dict[Part, Callable[[], Iterable[object]]] = {
        Part.STREAMS: lambda: streams.measure(scratch, tell),
        Part.DAY: lambda: day.measure(scratch, tell, seconds or 60, per_second or 500),
        Part.ATTACKS: lambda: attacks.measure(
            scratch, tell, AttackPlan(per_second or 250, open_streams, seconds or 20, attack or [*ATTACKS])
        ),
        Part.CROWD: lambda: flash_crowd.measure(scratch, tell),
        Part.GRPCIO: lambda: [versions.compare(versions_of_grpcio.split(","), rounds, scratch)],
        Part.GROWTH: lambda: growth.measure(scratch, tell),
        Part.SEARCH: lambda: search.measure(scratch, tell),
        Part.RATE: lambda: [rate.measure(scratch, tell)],
        Part.NOTIFICATIONS: lambda: [notifications.measure(scratch, tell)],
        Part.EDGE: lambda: edge.measure(scratch, tell, rounds),
        Part.DATABASE: lambda: ordinary.measure(scratch, tell, DATABASE, rounds),
        Part.TELEMETRY: lambda: telemetry.measure(scratch, tell, rounds),
        Part.VISITS: lambda: [visits.measure(scratch, tell, rounds)],
        Part.LOG: lambda: ordinary.measure(scratch, tell, LOG, rounds),
    }
    try:
        if part not in {Part.STREAMS, Part.DAY, Part.ATTACKS, Part.CROWD}:
            _check()
        console.print(*measures.get(part, all_or_one)(), sep="\n\n")
    except (LocalError, LoadError) as error:
        status.print(f"error: {error}", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    finally:
        shutil.rmtree(scratch)


def _check() -> None:
    if not sys.platform.startswith("linux"):
        raise LocalError("CPU time is read from /proc: run this on Linux")
    if not shutil.which("h2load"):
        raise LocalError("h2load is missing: install it (Debian: apt-get install nghttp2-client)")
    if not BENCH_PYTHON.exists():
        raise LocalError("the environment .venv-bench is missing: `make bench` makes it")


if __name__ == "__main__":
    typer.run(main)
