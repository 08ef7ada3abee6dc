"""Working hours: weekly sessions on the clinic's wall clock, valid from a date."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise

_WEEK = timedelta(days=7)
# Any Monday: sessions are compared as periods of one week that starts here.
_MONDAY = datetime(2024, 1, 1)  # noqa: DTZ001  # wall time has no zone


@dataclass(frozen=True, slots=True)
class Session:
    """A weekly period of work, divided into slots; an `end` that is not after `start` is on the next day."""

    weekday: int
    """ISO 8601: Monday is 1."""
    start: time
    end: time
    slot_minutes: int
    capacity: int

    @property
    def holds_a_slot(self) -> bool:
        """Whether at least one slot fits in."""
        length = timedelta(minutes=self.slot_minutes)
        return self.starts_on(_MONDAY.date()) + length <= self.ends_on(_MONDAY.date())

    def starts_on(self, day: date) -> datetime:
        """Wall time at which the session of that day starts."""
        return datetime.combine(day, self.start)

    def ends_on(self, day: date) -> datetime:
        """Wall time at which the session that starts on that day ends."""
        return datetime.combine(day + timedelta(days=self.end <= self.start), self.end)


@dataclass(frozen=True, slots=True)
class HoursVersion:
    """A set of weekly sessions and the first day on which it applies."""

    valid_from: date
    sessions: Sequence[Session]


def sessions_on(versions: Sequence[HoursVersion], day: date) -> list[Session]:
    """The sessions that start on a day: those of the version in force on that day."""
    begun = [version for version in versions if version.valid_from <= day]
    if not begun:
        return []
    current = max(begun, key=lambda version: version.valid_from)
    return [session for session in current.sessions if session.weekday == day.isoweekday()]


def overlaps_others(day: date, session: Session, around: Mapping[date, Sequence[Session]]) -> bool:
    """Whether a session of a day has a moment in common with any of those that start on days around it."""
    start, end = session.starts_on(day), session.ends_on(day)
    return any(
        start < other.ends_on(its_day) and other.starts_on(its_day) < end
        for its_day, others in around.items()
        for other in others
    )


def first_overlap(sessions: Sequence[Session]) -> Session | None:
    """The first session of the week that begins before another has ended, even one that runs into the next week."""
    stretches = []
    for session in sessions:
        day = _MONDAY.date() + timedelta(days=session.weekday - 1)
        stretches.append((session.starts_on(day), session.ends_on(day), session))
    stretches.sort(key=lambda stretch: stretch[:2])
    for (_, end, _), (start, _, later) in pairwise(stretches):
        if start < end:
            return later
    if stretches and stretches[-1][1] - _WEEK > stretches[0][0]:
        return stretches[0][2]
    return None
