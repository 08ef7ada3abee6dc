"""What came of the day, against the goals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.table import Table

from tests.bench.day.tally import Calls, Tally, percentile

GOALS = {"slots": (15, 300), "list": (25, 200), "create": (50, 500)}
"""Milliseconds within which 95 % are to be answered, and within which they are promised to be."""
_LATE_MS = 5
_DATABASE_MS = 100
_HITS = 0.95


@dataclass(frozen=True)
class Run:
    """Calls, and what they cost: CPU seconds by group of processes."""

    name: str
    tally: Tally
    seconds: float
    cpu: Mapping[str, float]

    @property
    def made(self) -> int:
        return sum(each.planned for each in self.tally.calls.values())


@dataclass(frozen=True)
class Book:
    """What there is to read after all runs."""

    statements: list[float]
    """Milliseconds of a sample of the database's statements."""
    days_served: Mapping[str, int]
    """How often a day came from where."""
    double_bookings: int
    missing: int


def calls(run: Run) -> Table:
    """What the callers saw."""
    table = Table(title=f"{run.name}: {run.made / run.seconds:,.0f} calls/s, {run.seconds:.0f} s", title_justify="left")
    for name in ("call", "calls", "errors", "refusals", "p50 ms", "p95 ms", "p99 ms", "goal of p95", "result"):
        table.add_column(name, justify="left" if name in {"call", "result"} else "right")
    for kind, each in run.tally.calls.items():
        table.add_row(kind, *_row(each), *_result(each, *GOALS.get(kind, (0, 0))))
    return table


def _row(calls: Calls) -> tuple[str, ...]:
    unanswered = calls.failed - sum(calls.errors.values())
    errors = calls.errors | ({"unanswered": unanswered} if unanswered else {})
    times = (f"{percentile(calls.seconds, share) * 1e3:.1f}" for share in (0.5, 0.95, 0.99))
    return f"{calls.planned:,}", _counts(errors), _counts(calls.refusals), *times


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in counts.items()) or "0"


def _result(calls: Calls, goal: int, promised: int) -> tuple[str, str]:
    if not goal:
        return "no error", _verdict(not calls.failed)
    reached = bool(calls.seconds) and percentile(calls.seconds, 0.95) * 1e3 < goal and not calls.failed
    return f"< {goal} (promised: {promised})", _verdict(reached)


def rest(runs: Sequence[Run], book: Book) -> Table:
    """What else there is to know."""
    table = Table(title="Around the calls", title_justify="left")
    for name in ("what", "measured", "goal", "result"):
        table.add_column(name)
    for run in runs:
        p50, p99, most = (percentile(run.tally.late, share) * 1e3 for share in (0.5, 0.99, 1))
        counts = "counts" if p99 < _LATE_MS else "does not count"
        row = (f"{p50:.1f}, {p99:.1f}, {most:.1f}", f"p99 < {_LATE_MS}", counts)
        table.add_row(f"{run.name}: calls began late by ms, p50, p99, most", *row)
    p50, p99, most = (percentile(book.statements, share) for share in (0.5, 0.99, 1))
    row = (f"{p50:.2f}, {p99:.1f}, {most:.0f}", f"p99 < {_DATABASE_MS}", _verdict(p99 < _DATABASE_MS))
    table.add_row(f"{len(book.statements):,} statements, a sample: ms, p50, p99, most", *row)
    hits = 1 - book.days_served["database"] / max(1, sum(book.days_served.values()))
    places = ", ".join(f"{count:,} {place}" for place, count in book.days_served.items())
    table.add_row(f"days from caches ({places})", f"{hits:.1%}", f">= {_HITS:.0%}", _verdict(hits >= _HITS))
    booked = sum(len(run.tally.booked) for run in runs)
    for what, count in (("double bookings", book.double_bookings), ("bookings that are not there", book.missing)):
        table.add_row(f"{what}, {booked:,} acknowledged", f"{count}", "0", _verdict(count == 0))
    return table


def cpu(runs: Sequence[Run]) -> Table:
    """Who used the processors."""
    table = Table(title="CPU of a call in us, and of one core", title_justify="left")
    for name in ("processes", *(run.name for run in runs)):
        table.add_column(name, justify="left" if name == "processes" else "right")
    for group in runs[0].cpu:
        table.add_row(group, *(_share(run, run.cpu[group]) for run in runs))
    table.add_row("together", *(_share(run, sum(run.cpu.values())) for run in runs))
    return table


def _share(run: Run, used: float) -> str:
    return f"{used / run.made * 1e6:,.0f} ({used / run.seconds:.0%})"


def _verdict(reached: bool) -> str:
    return "reached" if reached else "missed"
