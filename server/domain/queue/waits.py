"""How long those who wait may expect to wait: a range, from the doctor's own recent visits."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import sqrt
from statistics import quantiles
from typing import NamedTuple

VISITS_NEEDED = 5
"""With fewer recent visits nothing is said."""


class WaitRange(NamedTuple):
    """Between which times from now somebody will probably be called."""

    shortest: timedelta
    longest: timedelta


def expected_wait(
    ahead: int, rooms: int, elapsed: timedelta, visits: Sequence[timedelta], until_due: timedelta = timedelta()
) -> WaitRange | None:
    """How long somebody waits with so many `ahead`; None if too few recent visits are known.

    `rooms` is how many are served at once, at least 1, `elapsed` how long the longest visit there has gone on, and
    `until_due` how long it is until the one who asks is due, before which nobody counts on being called.

    One visit takes the median of the recent ones, give or take three quarters of what the middle half of them spans. Of
    several, the deviations partly cancel out, so they grow with the square root.
    """
    if len(visits) < VISITS_NEEDED:
        return None
    lower, middle_one, upper = quantiles([each.total_seconds() for each in visits], n=4)
    usual = timedelta(seconds=middle_one)
    remaining = max(usual - elapsed, timedelta()) if elapsed else timedelta()
    middle = usual * ahead / rooms + remaining / rooms
    spread = timedelta(seconds=(upper - lower) * 0.75 * sqrt((ahead + bool(elapsed)) / rooms))
    earliest = max(until_due, timedelta())
    return WaitRange(max(middle - spread, earliest), max(middle + spread, earliest))


def delay(now: datetime, first_due_at: datetime | None, last_call: tuple[datetime, datetime] | None) -> timedelta:
    """How late a doctor runs: by the first who waits, or by the last call (when it was due, and when it came)."""
    waited = now - first_due_at if first_due_at else timedelta()
    called = last_call[1] - last_call[0] if last_call else timedelta()
    return max(waited, called if first_due_at is None else timedelta(), timedelta())
