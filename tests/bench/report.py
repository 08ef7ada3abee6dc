"""What came of a run, against the goals."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from rich.table import Table

from tests.bench.calls import CREATE, LIST, SLOTS, BenchCall
from tests.bench.rounds import Figures, Results

LIMITS = {
    SLOTS: ("limit: ready bytes", 1.4),
    LIST: ("limit: + one select of 20 joined rows", 1.6),
    CREATE: ("limit: + the rows in one pipelined transaction", 2.0),
}
_CHEAPER = {SLOTS: 3.0, LIST: 2.0, CREATE: 1.4}
_SLOTS_CHEAPER_DIRECTLY = 4.0
_EDGE_ADDS_US = 1_000.0
_MOST_MB = 180
_NAMES = {"limit": "limit", "ours": "yoyaku", "edge": "yoyaku, REST through Envoy", "alternative": "FastAPI"}


@dataclass(frozen=True)
class Verdict:
    """One line of the table; costs in microseconds of CPU per call."""

    what: str
    ours: float
    against: str
    theirs: float
    ratio: str
    goal: str
    short: float
    """By how many microseconds a call the goal is missed; not above 0 if it is reached."""

    @property
    def result(self) -> str:
        """What a person reads."""
        return "reached" if self.short <= 0 else f"{self.short:,.0f} us too many"


def verdicts(results: Results, calls: list[BenchCall]) -> Iterator[Verdict]:
    """Every goal that the calls have."""
    for call in calls:
        against, most = LIMITS[call]
        ratio = results.ratio(call.name, "ours", "limit")
        limit = _cpu(results, call, "limit")
        short = (ratio - most) * limit
        yield Verdict(call.name, _cpu(results, call, "ours"), against, limit, f"{ratio:.2f} x", f"<= {most} x", short)
    for call in calls:
        yield _cheaper(results, call, "edge", _CHEAPER[call])
    if SLOTS in calls:
        yield _cheaper(results, SLOTS, "ours", _SLOTS_CHEAPER_DIRECTLY)
        ours, edge = (median(each.p50 for each in results.alone[name]) for name in ("ours", "edge"))
        added = edge - ours
        yield Verdict(
            "slots, p50 of one call at a time, REST through Envoy", edge, "gRPC, no Envoy", ours,
            f"+{added / 1000:.2f} ms", f"<= {_EDGE_ADDS_US / 1000:.0f} ms", added - _EDGE_ADDS_US,
        )  # fmt: skip


def _cheaper(results: Results, call: BenchCall, target: str, least: float) -> Verdict:
    ratio, theirs = results.ratio(call.name, "alternative", target), _cpu(results, call, "alternative")
    with_envoy = ", Envoy counted" if target == "edge" else ""
    return Verdict(
        f"{call.name}{with_envoy}", _cpu(results, call, target), "FastAPI, ORM, asyncpg", theirs,
        f"{ratio:.2f} x cheaper", f">= {least} x", theirs / ratio - theirs / least,
    )  # fmt: skip


def goals(results: Results, calls: list[BenchCall]) -> Table:
    """The goals, and which are reached."""
    table = Table(title="CPU per call (of p50: time) against the goals", title_justify="left")
    for name in ("what", "us", "against", "us", "ratio", "goal", "result"):
        table.add_column(name, justify="right" if name in {"us", "ratio"} else "left")
    for each in verdicts(results, calls):
        row = (each.what, f"{each.ours:,.0f}", each.against, f"{each.theirs:,.0f}", each.ratio, each.goal, each.result)
        table.add_row(*row)
    return table


def memory(results: Results) -> str:
    """What the worker holds after the run, against the goal."""
    verdict = "reached" if results.worker_mb <= _MOST_MB else f"{results.worker_mb - _MOST_MB:.0f} MB too many"
    return f"Memory of the worker after the run: {results.worker_mb:.0f} MB (goal <= {_MOST_MB} MB: {verdict})"


def details(results: Results) -> Table:
    """Everything that was measured: medians of the rounds, and the range of CPU per call."""
    table = Table(title="Medians of the rounds, 16 calls at once", title_justify="left")
    for name in ("call", "program", "CPU us", "least to most", "database us", "calls/s", "p50 ms", "p95 ms"):
        table.add_column(name, justify="left" if name in {"call", "program"} else "right")
    for (call, target), figures in results.figures.items():
        table.add_row(call, _NAMES[target], *_row(figures))
    return table


def _row(figures: list[Figures]) -> tuple[str, ...]:
    costs = [each.cpu for each in figures]
    return (
        f"{median(costs):,.0f}",
        f"{min(costs):,.0f} to {max(costs):,.0f}",
        f"{median(each.database for each in figures):,.0f}",
        f"{median(each.rate for each in figures):,.0f}",
        f"{median(each.p50 for each in figures) / 1000:.1f}",
        f"{median(each.p95 for each in figures) / 1000:.1f}",
    )


def _cpu(results: Results, call: BenchCall, target: str) -> float:
    return results.median(call.name, target, lambda figures: figures.cpu)
