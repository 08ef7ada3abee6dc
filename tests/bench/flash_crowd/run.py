"""Two thousand patients go for a hundred slots of one clinic over the whole stack; the desk goes on meanwhile."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import uvloop
from rich.table import Table

from server.local.servers import data_location
from tests.bench.day.run import running, settings_of
from tests.bench.day.tally import percentile
from tests.bench.flash_crowd import people
from tests.bench.flash_crowd.people import Seen

_PATIENTS, _DOCTORS, _SLOTS, _DESK = 2_000, 4, 25, 10
_ALONE_SECONDS = 5.0
_WITHIN_SECONDS = (10.0, 1.0)
"""How long it takes until all patients have come."""


def measure(scratch: Path, tell: Callable[[str], None]) -> list[Table]:
    """Start the stack and let one crowd come after the other, each to a clinic of its own. Raises LocalError."""
    home, tables = scratch / "stack", []
    home.mkdir()
    try:
        with running(home, tell) as stack:
            settings, port = settings_of(stack.state), urlsplit(stack.state.edge).port or 0
            for within in _WITHIN_SECONDS:
                tell(f"{_PATIENTS:,} patients within {within:.0f} s")
                wanted = people.made(settings, doctors=_DOCTORS, slots=_SLOTS, patients=_PATIENTS, desk=_DESK)
                clinic = asyncio.run(wanted)
                seen = uvloop.run(people.together(port, clinic, within=within, alone=_ALONE_SECONDS))
                tables.append(_table(within, *seen))
                for each in (body for of in seen for body in of.refused_for_good[:3]):
                    tell(each)
    finally:
        data_location.remove(home)
    return tables


def _table(within: float, quiet: Seen, desk: Seen, crowd: Seen) -> Table:
    title = f"{_PATIENTS:,} patients within {within:.0f} s for {_DOCTORS * _SLOTS} slots of one clinic"
    table = Table(title=title, title_justify="left")
    columns = ("whose calls", "answers", "booked", "twice", "told to come back", "failed", "p50 ms", "p95 ms", "max ms")
    for number, name in enumerate(columns):
        table.add_column(name, justify="right" if number else "left")
    for name, seen in (("the desk, alone", quiet), ("the desk, beside the crowd", desk), ("the crowd", crowd)):
        table.add_row(name, *_row(seen))
    return table


def _row(seen: Seen) -> list[str]:
    later = seen.statuses[429] + seen.statuses[503]
    counts = (len(seen.seconds), len(seen.booked), len(seen.booked) - len(set(seen.booked)), later - _unsaid(seen))
    times = (percentile(seen.seconds, share) * 1e3 for share in (0.5, 0.95, 1))
    return [*(f"{each:,}" for each in (*counts, len(seen.refused_for_good))), *(f"{each:,.0f}" for each in times)]


def _unsaid(seen: Seen) -> int:
    """Of the refusals, those that do not say when to come back: they have failed."""
    return sum(body.startswith(("429", "503")) for body in seen.refused_for_good)
