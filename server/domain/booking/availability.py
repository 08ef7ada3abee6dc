"""Which slots of a doctor's day can be booked now, and which slot a request means."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import Enum
from typing import NamedTuple

from server.domain.booking.appointment_types import AppointmentType
from server.domain.booking.doctor import Doctor
from server.domain.booking.resources import most_at_once
from server.domain.booking.seating import Busy, ran_out, seats_left
from server.domain.booking.slots import Period, Slot, midnight
from server.domain.errors import Alternatives, DomainError, Reason

MOST_ALTERNATIVES = 5


class Closed(Enum):
    """Why a day has no slots at all; the names are those of ClosedReason in the contract."""

    NOT_WORKING = "not_working"
    PAST = "past"
    BEYOND_HORIZON = "beyond_horizon"
    DOCTOR_INACTIVE = "doctor_inactive"
    HOLIDAY = "holiday"


class SlotState(Enum):
    """Whether a slot can be booked, or why not; the names are those of SlotState in the contract."""

    FREE = "free"
    TAKEN = "taken"
    PAST = "past"
    """Not taken, and too late to book."""
    ELSEWHERE = "elsewhere"
    """The practitioner has an appointment at another clinic."""

    # Enum's own __hash__ is written in Python, and every slot that is rendered needs it.
    __hash__ = object.__hash__


class Day(NamedTuple):
    """A doctor's day as it is at one instant."""

    slots: Sequence[Slot]
    """The free slots; `seats` is how many seats are left."""
    all: Sequence[tuple[Slot, SlotState, int]]
    """Every slot of the day as the working hours define it, its state, and how many seats can be booked."""
    closed: Closed | None
    valid_until: datetime | None
    """The next instant at which this changes without a write, because time passes; None if it never does."""


class Wanted(NamedTuple):
    """A slot as a request names it: by date and wall time, or by its start."""

    day: date | None
    time_slot: str
    start_at: datetime | None


def offered(doctor: Doctor, day: date, of_type: AppointmentType | None) -> Sequence[Slot]:
    """The slots of a day, or the visits of a type that begin with them, free or not."""
    slots = doctor.slots_on(day)
    if of_type is None:
        return slots
    # A visit may last over time off that lies in a buffer between two slots.
    return [visit for visit in of_type.starts(slots) if not doctor.is_off(visit.visit)]


def day_of(
    doctor: Doctor, day: date, busy: Sequence[Busy], now: datetime, of_type: AppointmentType | None = None
) -> Day:
    """What a doctor offers on a day, of one type of appointment if that is given."""
    if not doctor.active:
        return Day([], [], Closed.DOCTOR_INACTIVE, None)
    if day > doctor.policy.last_day(doctor.zone, now):
        opens = day - timedelta(days=doctor.policy.horizon_days)
        return Day([], [], Closed.BEYOND_HORIZON, midnight(opens, doctor.zone))
    slots = offered(doctor, day, of_type)
    if not slots:
        over = midnight(day + timedelta(days=1), doctor.zone)
        if of_type and doctor.slots_on(day) and over > now:
            return Day([], [], None, over)  # open, but too short for the type
        return Day([], [], Closed.PAST, None) if over <= now else Day([], [], _no_slots(doctor, day), over)
    soonest = now + doctor.policy.notice
    left = seats_left(slots, doctor.id, busy, now)
    if of_type and of_type.kinds:
        left = [_with_resources(of_type, slot, seats, now) for slot, seats in zip(slots, left, strict=True)]
    away = [each for each in busy if each.doctor_id != doctor.id and not ran_out(each, now)]
    seen = [
        (slot, SlotState.FREE, seats) if seats and slot.start_at >= soonest else _not_free(slot, seats, away)
        for slot, seats in zip(slots, left, strict=True)
    ]
    free = [slot if seats == slot.seats else slot._replace(seats=seats) for slot, _, seats in seen if seats]
    ahead = next((slot.start_at for slot in slots if slot.start_at >= soonest), None)
    moments = [ahead - doctor.policy.notice + _TICK] if ahead else [slots[-1].end_at]
    moments += [other.held_until for other in busy if other.held_until]
    hours = Period(slots[0].start_at, slots[-1].occupied.end_at)
    for resource in of_type.resources if of_type else ():
        moments += [each.held_until for each in resource.during(hours) if each.held_until]
    closed = Closed.PAST if not ahead and slots[-1].end_at <= now else None
    return Day(free, seen, closed, min((moment for moment in moments if moment > now), default=None))


def _no_slots(doctor: Doctor, day: date) -> Closed:
    return Closed.HOLIDAY if day in doctor.holidays and day not in doctor.extra else Closed.NOT_WORKING


def _with_resources(of_type: AppointmentType, slot: Slot, seats: int, now: datetime) -> int:
    most = most_at_once(of_type.resources, of_type.kinds, slot.occupied, now) if seats else None
    return seats if most is None else min(seats, most)


_TICK = timedelta(microseconds=1)


def _not_free(slot: Slot, seats: int, away: Sequence[Busy]) -> tuple[Slot, SlotState, int]:
    if seats:
        return slot, SlotState.PAST, 0
    is_away = away and any(each.overlaps(slot.occupied) for each in away)
    return slot, SlotState.ELSEWHERE if is_away else SlotState.TAKEN, 0


def nearest(
    doctor: Doctor,
    wanted: Slot,
    busy: Sequence[Busy],
    now: datetime,
    days: int,
    of_type: AppointmentType | None = None,
) -> Alternatives:
    """The bookable slots nearest to an unavailable one, from the day before it to `days` days after it."""
    found: list[Slot] = []
    for offset in range(-1, days + 1):
        found += day_of(doctor, wanted.date + timedelta(days=offset), busy, now, of_type).slots
        if offset > 0 and len(found) >= MOST_ALTERNATIVES:
            break
    found.sort(key=lambda slot: abs(slot.start_at - wanted.start_at))
    chosen = sorted(found[:MOST_ALTERNATIVES], key=lambda slot: slot.start_at)
    return Alternatives(doctor.id, doctor.zone.key, chosen)


def find(doctor: Doctor, wanted: Wanted, of_type: AppointmentType | None = None) -> Slot:
    """The slot of the doctor's working hours that a request means, or the visit that begins with it, free or not.

    Raises SLOT_NOT_OFFERED, and AMBIGUOUS_LOCAL_TIME with both slots if the wall time occurs twice.
    """
    candidates = _candidates(doctor, wanted, of_type)
    if not candidates:
        raise _not_offered(doctor, wanted)
    if len(candidates) > 1:
        raise DomainError(
            Reason.AMBIGUOUS_LOCAL_TIME,
            f"{wanted.time_slot} occurs twice on {wanted.day}: book by start_time instead",
            metadata={"date": str(wanted.day), "time_slot": wanted.time_slot},
            alternatives=Alternatives(doctor.id, doctor.zone.key, candidates),
        )
    return candidates[0]


def _not_offered(doctor: Doctor, wanted: Wanted) -> DomainError:
    day = wanted.start_at.astimezone(doctor.zone).date() if wanted.start_at else wanted.day
    metadata = {"doctor_id": doctor.id, **({"date": wanted.day.isoformat()} if wanted.day else {})}
    if day in doctor.holidays and day not in doctor.extra:
        return DomainError(
            Reason.SLOT_NOT_OFFERED,
            "the clinic is closed on that day, a holiday: pick another day",
            metadata={**metadata, "closed_reason": Closed.HOLIDAY.name},
        )
    message = "the doctor offers no slot at that time: list the available slots of the day"
    return DomainError(Reason.SLOT_NOT_OFFERED, message, metadata=metadata)


def _candidates(doctor: Doctor, wanted: Wanted, of_type: AppointmentType | None) -> list[Slot]:
    if wanted.start_at is not None:
        local = wanted.start_at.astimezone(doctor.zone).date()
        # A session that passes midnight belongs to the day on which it starts.
        days = (local - timedelta(days=1), local)
        return [slot for day in days for slot in offered(doctor, day, of_type) if slot.start_at == wanted.start_at]
    if wanted.day is None:
        return []
    return [slot for slot in offered(doctor, wanted.day, of_type) if slot.time_slot == wanted.time_slot]
