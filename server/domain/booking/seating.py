"""Which seat an appointment may take: the one rule that every booking and every move goes through.

It takes plain values and gives a seat or an error. Days are rendered from the same count, so that what is offered can
be booked. A decision is valid only while the data behind it cannot change: use cases lock first, and read after that.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from server.domain.booking.doctor import Doctor, DoctorDay
from server.domain.booking.policies import check_daily_limit
from server.domain.booking.slots import Period, Slot
from server.domain.errors import DomainError, Reason


class Busy(NamedTuple):
    """What occupies a practitioner: an active appointment, with the buffer after it."""

    appointment_id: str
    doctor_id: str
    date: date
    seat: int
    start_at: datetime
    end_at: datetime
    """The end of the buffer."""
    held_until: datetime | None

    def overlaps(self, period: Period) -> bool:
        """Whether it has a moment in common with a period."""
        return self.start_at < period.end_at and period.start_at < self.end_at


class Visit(NamedTuple):
    """What occupies a patient: an active appointment, without the buffer after it."""

    appointment_id: str
    doctor_id: str
    clinic_id: str
    date: date
    start_at: datetime
    end_at: datetime
    held_until: datetime | None

    def overlaps(self, period: Period) -> bool:
        """Whether it has a moment in common with a period."""
        return self.start_at < period.end_at and period.start_at < self.end_at


class Seat(NamedTuple):
    """A seat of a slot, by number from 1."""

    number: int
    is_extra: bool
    """Whether it is beyond the slot's capacity."""


class Place(NamedTuple):
    """A slot that an appointment is to take, and the appointments that may conflict with it."""

    doctor: Doctor
    slot: Slot
    busy: Sequence[Busy]
    """The practitioner's appointments that overlap the slot, at other clinics too."""
    visits: Sequence[Visit]
    """The patient's appointments around the day."""
    appointment_id: str
    """The appointment that takes the place: it does not conflict with itself."""

    def given_up(self, holds: frozenset[str], now: datetime) -> "Place":
        """The same with these holds run out."""
        if not holds:
            return self
        busy = [each._replace(held_until=now) if each.appointment_id in holds else each for each in self.busy]
        visits = [each._replace(held_until=now) if each.appointment_id in holds else each for each in self.visits]
        return self._replace(busy=busy, visits=visits)


def seat_for(place: Place, now: datetime, *, override: bool = False) -> Seat:
    """The seat to take: the first free one; with `override` an extra one if all are taken.

    Raises SLOT_TAKEN, PATIENT_BUSY and DAILY_LIMIT_REACHED.
    """
    slot, doctor_id = place.slot, place.doctor.id
    busy = [each for each in place.busy if each.appointment_id != place.appointment_id and not ran_out(each, now)]
    [left] = seats_left([slot], doctor_id, busy, now)
    if not left and not override:
        raise slot_taken(doctor_id, slot)
    _check_patient(place, now)
    return Seat(_first_free([each.seat for each in busy if each.overlaps(slot.occupied)]), is_extra=not left)


def seat_again(seat: int, taken: Sequence[int]) -> Seat:
    """The seat of an appointment that counts again: its own, or an extra one if another sits there by now."""
    return Seat(seat, is_extra=False) if seat not in taken else Seat(_first_free(taken), is_extra=True)


def _first_free(taken: Sequence[int]) -> int:
    """The lowest free seat number. Numbers do not limit how many may sit: they only keep two patients off one seat."""
    return next(number for number in range(1, len(taken) + 2) if number not in taken)


def _check_patient(place: Place, now: datetime) -> None:
    slot, clinic_id = place.slot, place.doctor.clinic_id
    mine = [each for each in place.visits if each.appointment_id != place.appointment_id and not ran_out(each, now)]
    if any(each.overlaps(slot.visit) for each in mine):
        raise patient_busy(slot)
    same_day = [each for each in mine if each.clinic_id == clinic_id and each.date == slot.date]
    check_daily_limit(place.doctor.policy, len(same_day))


def holds_to_expire(place: Place, now: datetime) -> dict[str, DoctorDay]:
    """The expired holds that conflict with a place, each with its day.

    They no longer count here, but the exclusion constraints, which cannot compare with the clock, still see them.
    """
    of_doctor = [each for each in place.busy if each.overlaps(place.slot.occupied)]
    of_patient = [each for each in place.visits if each.overlaps(place.slot.visit)]
    meeting: list[Busy | Visit] = [*of_doctor, *of_patient]
    return {each.appointment_id: (each.doctor_id, each.date) for each in meeting if ran_out(each, now)}


def ran_out(hold: Busy | Visit, now: datetime) -> bool:
    """Whether it is an expired hold."""
    return hold.held_until is not None and hold.held_until <= now


def seats_left(slots: Sequence[Slot], doctor_id: str, busy: Iterable[Busy], now: datetime) -> list[int]:
    """How many seats each slot of a day has left: its capacity minus the heads in it.

    Heads are counted, not seat numbers: a reduced capacity, or an override whose neighbour has cancelled, must not make
    room. Of heads that overlap only a part of the slot, as happens when hours change, the most at one moment count:

        slot, two seats   |---------------|
        A                 |-------|
        B                         |-------|        never more than one at a time: one seat is left

    The practitioner's appointments at another clinic take every seat. An expired hold takes none.
    """
    ends = [slot.occupied.end_at for slot in slots]
    left = [slot.seats for slot in slots]
    parts: dict[int, list[Period]] = {}
    for other in busy:
        if other.held_until and other.held_until <= now:
            continue
        start_at, end_at = other.start_at, other.end_at
        # Both starts and ends of slots are sorted; visits of one type, which may overlap, are all equally long.
        index = bisect_right(ends, start_at)
        while index < len(slots) and slots[index].start_at < end_at:
            if other.doctor_id != doctor_id:
                left[index] = 0
            elif start_at <= slots[index].start_at and ends[index] <= end_at:
                left[index] -= 1
            else:
                parts.setdefault(index, []).append(Period(start_at, end_at))
            index += 1
    for index, periods in parts.items():
        left[index] -= _most_at_once(periods)
    # Seldom: only overrides and reduced capacities put more heads into a slot than it has seats.
    return [max(each, 0) for each in left] if min(left, default=0) < 0 else left


def _most_at_once(periods: Sequence[Period]) -> int:
    """The most of these that overlap at one moment; each overlaps the slot, so such a moment lies in the slot too."""
    return max(sum(each.start_at <= start_at < each.end_at for each in periods) for start_at, _ in periods)


def slot_taken(doctor_id: str, slot: Slot) -> DomainError:
    """SLOT_TAKEN, without alternatives: those are added later."""
    return DomainError(
        Reason.SLOT_TAKEN,
        "the slot is taken: pick one of the alternatives, or list the available slots",
        metadata={"doctor_id": doctor_id, "start_time": f"{slot.start_at:%Y-%m-%dT%H:%M:%SZ}"},
    )


def patient_busy(slot: Slot) -> DomainError:
    """PATIENT_BUSY."""
    return DomainError(
        Reason.PATIENT_BUSY,
        "the patient has another appointment at that time: pick another slot, or move that appointment first",
        metadata={"start_time": f"{slot.start_at:%Y-%m-%dT%H:%M:%SZ}"},
    )
