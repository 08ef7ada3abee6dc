"""The slots of a doctor's day: from working hours on the wall clock to instants."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from server.domain.booking.hours import HoursVersion, Session, sessions_on

_MOMENT = timedelta(microseconds=1)


class Period(NamedTuple):
    """A period of time; its end is exclusive."""

    start_at: datetime
    end_at: datetime

    def overlaps(self, other: "Period") -> bool:
        """Whether the two have a moment in common."""
        return self.start_at < other.end_at and other.start_at < self.end_at


class Slot(NamedTuple):
    """A time that working hours offer; `seats` is its capacity, or the number of seats left where that is stated."""

    date: date
    time_slot: str
    """HH:MM on the clinic's wall clock."""
    start_at: datetime
    end_at: datetime
    occupied: Period
    """From the start to the end of the buffer after it."""
    seats: int

    @property
    def visit(self) -> Period:
        """From start to end: the time for which the patient is there."""
        return Period(self.start_at, self.end_at)


def slots_on(versions: Sequence[HoursVersion], zone: ZoneInfo, day: date, buffer: timedelta) -> list[Slot]:
    """All slots of the sessions that start on `day`, by start.

    The grid follows the wall clock: a slot whose start the clocks skip is not offered, and one whose start occurs twice
    is offered both times. If a slot is longer than the clock change, slots that would overlap are left out.
    """
    return slots_of(sessions_on(versions, day), zone, day, buffer)


def slots_of(sessions: Iterable[Session], zone: ZoneInfo, day: date, buffer: timedelta) -> list[Slot]:
    """The slots of sessions that start on `day`, by start, as `slots_on` lays them out."""
    found = sorted(
        (slot for session in sessions for slot in _of_session(session, zone, day, buffer)),
        key=lambda slot: slot.start_at,
    )
    kept: list[Slot] = []
    for slot in found:
        if not kept or slot.start_at >= kept[-1].occupied.end_at:
            kept.append(slot)
    return kept


def _of_session(session: Session, zone: ZoneInfo, day: date, buffer: timedelta) -> Iterator[Slot]:
    length = timedelta(minutes=session.slot_minutes)
    wall, wall_end = session.starts_on(day), session.ends_on(day)
    while wall + length <= wall_end:
        for start_at in instants(wall, zone):
            end_at = start_at + length
            # Compare the slot's last moment, not its end: the end may be the instant at which clocks change.
            if (end_at - _MOMENT).astimezone(zone).replace(tzinfo=None) < wall_end:
                yield Slot(day, f"{wall:%H:%M}", start_at, end_at, Period(start_at, end_at + buffer), session.capacity)
        wall += length + buffer


def instants(wall: datetime, zone: ZoneInfo) -> list[datetime]:
    """The instants (UTC) at which clocks of the zone show a wall time: none in a gap, two in a fold, else one."""
    first, second = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return [first.astimezone(UTC)]
    found = []
    for instant in (first.astimezone(UTC), second.astimezone(UTC)):
        # zoneinfo silently moves a time that is in a gap; only a time that exists survives the conversion back.
        if instant.astimezone(zone).replace(tzinfo=None) == wall and instant not in found:
            found.append(instant)
    return found


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant (UTC) of a local day; where clocks skip midnight, the first after it."""
    wall = datetime.combine(day, time())
    found = instants(wall, zone)
    return found[0] if found else wall.replace(tzinfo=zone).astimezone(UTC)
