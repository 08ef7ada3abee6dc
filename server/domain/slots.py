"""The slots of a doctor's day, from working hours on the wall clock to instants, and which of them are free."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from server.domain.hours import HoursVersion, Session, sessions_on

_MOMENT = timedelta(microseconds=1)


class Period(NamedTuple):
    """A stretch of time, end exclusive."""

    start_at: datetime
    end_at: datetime

    def overlaps(self, other: "Period") -> bool:
        """Whether the two share a moment."""
        return self.start_at < other.end_at and other.start_at < self.end_at


class Slot(NamedTuple):
    """A time that working hours offer; `seats` is its capacity, or what is left of it where that is said."""

    date: date
    time_slot: str
    """HH:MM on the clinic's wall clock."""
    start_at: datetime
    end_at: datetime
    occupied: Period
    """From the start to the end of the buffer after it."""
    seats: int


class Busy(NamedTuple):
    """What occupies a practitioner: an active appointment, its buffer included."""

    doctor_id: str
    period: Period
    seat: int
    held_until: datetime | None


def slots_on(versions: Sequence[HoursVersion], zone: ZoneInfo, day: date, buffer: timedelta) -> list[Slot]:
    """All slots of the sessions that start on `day`, by start.

    The grid runs on the wall clock: a slot whose start the clocks skip is not offered, one whose start comes twice
    is offered once per real hour. Where a slot is longer than the shift, those that would overlap are left out.
    """
    found = sorted(
        (slot for session in sessions_on(versions, day) for slot in _of_session(session, zone, day, buffer)),
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
            # By the last moment, not the end: that may be the one at which clocks jump.
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
        # zoneinfo moves a time in a gap silently; only a true one survives the way back.
        if instant.astimezone(zone).replace(tzinfo=None) == wall and instant not in found:
            found.append(instant)
    return found


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant (UTC) of a local day; where clocks skip midnight, the first after it."""
    wall = datetime.combine(day, time())
    found = instants(wall, zone)
    return found[0] if found else wall.replace(tzinfo=zone).astimezone(UTC)


def seats_left(slots: Sequence[Slot], doctor_id: str, busy: Iterable[Busy], now: datetime) -> list[int]:
    """How many seats each of the slots of a day has left, as `free_seats` of each would say."""
    ends = [slot.occupied.end_at for slot in slots]
    taken: set[tuple[int, int]] = set()
    for other in busy:
        if other.held_until and other.held_until <= now:
            continue
        # Slots follow each other, with the buffers after them.
        index = bisect_right(ends, other.period.start_at)
        while index < len(slots) and slots[index].start_at < other.period.end_at:
            seats = slots[index].seats
            if other.doctor_id != doctor_id:
                taken.update((index, seat) for seat in range(1, seats + 1))
            elif other.seat <= seats:  # an override takes one beyond those that there are
                taken.add((index, other.seat))
            index += 1
    left = [slot.seats for slot in slots]
    for index, _ in taken:
        left[index] -= 1
    return left


def free_seats(slot: Slot, doctor_id: str, busy: Iterable[Busy], now: datetime) -> list[int]:
    """The seats (from 1) of a slot that nothing occupies over all of it.

    The practitioner's appointments at another clinic take every seat. A hold that has run out takes none.
    """
    taken = set()
    for other in busy:
        if other.period.overlaps(slot.occupied) and not (other.held_until and other.held_until <= now):
            if other.doctor_id != doctor_id:
                return []
            taken.add(other.seat)
    return [seat for seat in range(1, slot.seats + 1) if seat not in taken]
