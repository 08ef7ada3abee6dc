"""Doctors and clinics, as far as rules about time need them."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from server.domain.booking.hours import HoursVersion, Session, sessions_on
from server.domain.booking.policies import Policy
from server.domain.booking.slots import Period, Slot, slots_of

DoctorDay = tuple[str, date]
"""(doctor_id, date): a day, which has a revision. A tuple, so that days sort in lock order."""

_REMEMBERED_DAYS = 2_000
_REMEMBERED_GRIDS = 2_000
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, eq=False)
class Doctor:
    """One practitioner at one clinic, with the hours worked there; compared by identity."""

    id: str
    practitioner_id: str
    clinic_id: str
    zone: ZoneInfo
    policy: Policy
    hours: Sequence[HoursVersion]
    active: bool
    holidays: frozenset[date] = frozenset()
    """Days on which the clinic is closed."""
    time_off: Sequence[Period] = ()
    """When the doctor does not work, whatever the hours say; by start, and apart from each other."""
    extra: Mapping[date, Sequence[Session]] = field(default_factory=dict)
    """Sessions on single dates beside the working hours, also on holidays."""

    def slots_on(self, day: date) -> Sequence[Slot]:
        """All slots that the doctor's working hours give on a day, by start.

        None if inactive or on a holiday, and none that overlaps time off.
        """
        return _slots_on(self, day) if self.active else ()

    def with_hours(self, version: HoursVersion) -> "Doctor":
        """The same doctor with a set of working hours, instead of the one that is valid from the same day."""
        others = [each for each in self.hours if each.valid_from != version.valid_from]
        return replace(self, hours=sorted([*others, version], key=lambda each: each.valid_from))

    def sessions_on(self, day: date) -> list[Session]:
        """The sessions that start on a day: those of the working hours, unless it is a holiday, and extra ones."""
        usual = [] if day in self.holidays else sessions_on(self.hours, day)
        return [*usual, *self.extra.get(day, ())]

    def is_off(self, period: Period) -> bool:
        """Whether some of a period is time off."""
        return any(each.overlaps(period) for each in self.time_off)

    def slot_for(self, visit: Period) -> Slot:
        """The slot of a visit, whether or not the doctor's working hours offer one at that time.

        One beside the grid has as many seats as the grid's slots that it overlaps have at least, else one.
        """
        day = visit.start_at.astimezone(self.zone)
        offered = [*self.slots_on(day.date() - _ONE_DAY), *self.slots_on(day.date())]
        if same := next((slot for slot in offered if slot.visit == visit), None):
            return same
        occupied = Period(visit.start_at, visit.end_at + self.policy.buffer)
        seats = min((slot.seats for slot in offered if slot.visit.overlaps(visit)), default=1)
        return Slot(day.date(), f"{day:%H:%M}", visit.start_at, visit.end_at, occupied, seats)

    def covers(self, day: date, visit: Period) -> bool:
        """Whether slots, with the buffers between them, cover all of a visit of a day."""
        reached = visit.start_at
        # A session of the evening before may pass midnight.
        for slot in (*self.slots_on(day - _ONE_DAY), *self.slots_on(day)):
            if slot.start_at > reached:
                break
            reached = max(reached, slot.occupied.end_at)
        return reached >= visit.end_at

    def has_slot_in(self, day: date, period: Period) -> bool:
        """Whether any slot of a day, with the buffer after it, overlaps a period."""
        slots = self.slots_on(day)
        # Slots do not overlap: of those that start before the period's end, the last one also ends last.
        before = bisect_left(slots, period.end_at, key=lambda slot: slot.start_at)
        return before > 0 and slots[before - 1].occupied.overlaps(period)


# A Doctor is immutable: new working hours make a new object.
@lru_cache(maxsize=_REMEMBERED_DAYS)
def _slots_on(doctor: Doctor, day: date) -> Sequence[Slot]:
    slots = _grid(tuple(doctor.sessions_on(day)), doctor.zone, day, doctor.policy.buffer)
    return tuple(slot for slot in slots if not doctor.is_off(slot.visit)) if doctor.time_off else slots


# A search over many doctors needs more days than are remembered. Few of them work hours that nobody else works, and a
# day that is forgotten is found here again in a twentieth of the time.
@lru_cache(maxsize=_REMEMBERED_GRIDS)
def _grid(sessions: tuple[Session, ...], zone: ZoneInfo, day: date, buffer: timedelta) -> Sequence[Slot]:
    return tuple(slots_of(sessions, zone, day, buffer))


def days_touched(doctors: Iterable[Doctor], period: Period) -> set[DoctorDay]:
    """The days of these doctors that have a slot in the period, so that they change when it becomes busy or free."""
    touched = set()
    for doctor in doctors:
        # A session that passes midnight, with the buffer after its last slot, reaches into the next day or beyond.
        day = (period.start_at - doctor.policy.buffer).astimezone(doctor.zone).date() - _ONE_DAY
        last = period.end_at.astimezone(doctor.zone).date()
        while day <= last:
            if doctor.has_slot_in(day, period):
                touched.add((doctor.id, day))
            day += _ONE_DAY
    return touched
