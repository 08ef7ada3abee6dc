"""Working hours made of slots: week by week what the slots say, and none after the week of the last one."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from db.postgres.booking.hours import SessionRow
from server.usecases.importing.role_hours import Versions

_WEEK = timedelta(days=7)
_SHORTEST, _LONGEST = timedelta(minutes=5), timedelta(hours=8)
_MOST_SEATS = 50


class OfferedSlot(NamedTuple):
    """A slot on the wall clock."""

    start: datetime
    end: datetime


class _Run(NamedTuple):
    """Slots of one length that follow each other, with the same number of seats."""

    start: datetime
    end: datetime
    length: timedelta
    seats: int


def on_the_wall(slots: Iterable[tuple[datetime, datetime]], zone: ZoneInfo, since: date) -> Counter[OfferedSlot]:
    """The slots from a day on, as clocks of a zone show them, each with how often it is there.

    The second of two hours that clocks show twice is left out: hours on the wall clock offer both.
    """
    found: Counter[OfferedSlot] = Counter()
    for start_at, end_at in slots:
        start, end = start_at.astimezone(zone), end_at.astimezone(zone)
        if start.date() >= since and not start.fold:
            found[OfferedSlot(start.replace(tzinfo=None), end.replace(tzinfo=None))] += 1
    return found


def hours_of_slots(slots: Counter[OfferedSlot], since: date) -> tuple[Versions, int]:
    """The weekly hours from a day on, and how many slots do not fit in: too short, too long, or over another."""
    runs = list(_runs(slots))
    weeks: dict[date, list[SessionRow]] = {}
    for run in runs:
        weeks.setdefault(_first_of_week(run.start.date(), since), []).append(_session(run, since))
    kept = sum(round((run.end - run.start) / run.length) for run in runs)
    versions: dict[date, Sequence[SessionRow]] = {}
    last = max(weeks, default=since)
    week, before = since, list[SessionRow]()
    while week <= last:
        sessions = sorted(weeks.get(week, []))
        if sessions != before or week == since:
            versions[week] = [each._replace(valid_from=week) for each in sessions]
        before = sessions
        week = _first_of_week(week + _WEEK, since)
    versions[week] = []
    return versions, len(slots) - kept


def _first_of_week(day: date, since: date) -> date:
    return max(day - timedelta(days=day.isoweekday() - 1), since)


def _runs(slots: Counter[OfferedSlot]) -> Iterator[_Run]:
    run: _Run | None = None
    for (start, end), count in sorted(slots.items()):
        length, seats = end - start, min(count, _MOST_SEATS)
        if not _SHORTEST <= length <= _LONGEST or length % timedelta(minutes=1) or (run and start < run.end):
            continue
        if run and (start, length, seats) == (run.end, run.length, run.seats) and start.date() == run.start.date():
            run = run._replace(end=end)
        else:
            if run:
                yield run
            run = _Run(start, end, length, seats)
    if run:
        yield run


def _session(run: _Run, since: date) -> SessionRow:
    minutes = run.length // timedelta(minutes=1)
    return SessionRow(since, run.start.isoweekday(), run.start.time(), run.end.time(), minutes, run.seats)
