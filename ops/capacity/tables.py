"""The tables of docs/scaling.md."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from ops.capacity import growth, runs
from ops.capacity.day import BOOKINGS_PER_MINUTE, CROWD, OPENING, SURPRISE
from ops.capacity.figures import DOLLARS_PER_TASK, PAUSES
from ops.capacity.policy import Policy
from ops.capacity.simulation import Moment

CROWD_LASTS = 60 + 2 * sum(PAUSES)
"""Nobody of a crowd tries again later than this."""


def table(head: Sequence[str], rows: Sequence[Sequence[str]], texts: int = 1) -> str:
    """In Markdown; all columns but the first `texts` are numbers."""
    ruler = ["---"] * texts + ["---:"] * (len(head) - texts)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ruler, *rows))


def days(replays: Mapping[tuple[int, Policy], Sequence[Moment]]) -> str:
    """One row for each load and policy."""
    head = ["load", "policy", "tasks, mean", "most", "dollars a month", "minutes at the ceiling", "scale-outs"]
    head += ["p95 of quiet hours, ms", "refused at 12:30", "gave up", "refused at 20:30", "gave up", "failed"]
    return table(head, [_day(scale, policy, moments) for (scale, policy), moments in replays.items()], 2)


def _day(scale: int, policy: Policy, moments: Sequence[Moment]) -> list[str]:
    tasks = sum(each.tasks for each in moments) / len(moments)
    desired = [each.desired for each in moments]
    outs = sum(after > before for before, after in pairwise(desired))
    crowds = [moments[began : began + CROWD_LASTS] for began in (OPENING, SURPRISE)]
    quiet = sorted(each.p95 for second, each in enumerate(moments) if not _in_crowd(second))
    numbers = [max(desired), DOLLARS_PER_TASK * tasks, desired.count(policy.most) / 60, outs]
    lost = [sum(value) for crowd in crowds for value in (_refused(crowd), _given_up(crowd))]
    failed = sum(each.failed for each in moments)
    return [
        f"{scale} x",
        policy.name,
        f"{tasks:.1f}",
        *(f"{number:,.0f}" for number in numbers),
        f"{1000 * quiet[len(quiet) * 95 // 100]:.1f}",
        *(f"{number:,.0f}" for number in (*lost, failed)),
    ]


def _in_crowd(second: int) -> bool:
    return any(0 <= second - began < CROWD_LASTS for began in (OPENING, SURPRISE))


def _refused(crowd: Sequence[Moment]) -> list[float]:
    return [each.refused for each in crowd]


def _given_up(crowd: Sequence[Moment]) -> list[float]:
    return [each.given_up for each in crowd]


def needs() -> str:
    """One row for each load."""
    head = ["load", "bookings in the busiest minute", "calls/s", "appointments kept, millions", "cells", "server tasks"]
    head += ["cores of primaries", "of replicas", "streams", "stream tasks", "GB of streams"]
    head += ["crowd in a minute", "tasks for it", "answered after s"]
    return table(head, [_need(name, growth.Need(scale)) for name, scale in growth.LOADS.items()])


def _need(name: str, need: growth.Need) -> list[str]:
    whole = [need.scale * max(BOOKINGS_PER_MINUTE), need.calls, need.appointments / 1e6, need.cells, need.tasks]
    streams = [need.scale * growth.SESSIONS, need.stream_tasks]
    crowd = [need.scale * CROWD, need.tasks_for_crowd, need.crowd_seconds]
    return [
        name,
        *(f"{number:,.0f}" for number in whole),
        f"{need.primary_cores:.2f}",
        f"{need.standby_cores:.2f}",
        *(f"{number:,.0f}" for number in streams),
        f"{need.stream_bytes / 1e9:.2f}",
        *(f"{number:,.0f}" for number in crowd),
    ]


def errors() -> str:
    """The model against measured runs."""
    head = ["run", "value", "measured", "model", "error"]
    return table(head, [_error(row) for row in runs.rows()], 2)


def _error(row: runs.Row) -> list[str]:
    error = f"{100 * (row.model / row.measured - 1):+.0f} %" if row.measured else "-"
    return [row.run, row.value, f"{row.measured:,.1f}", f"{row.model:,.1f}", error]
