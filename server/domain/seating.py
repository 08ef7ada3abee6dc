"""Who may sit where: the one rule that every booking and every move goes through.

Plain values in, a seat or a refusal out. Days are shown by the same count, so that what is offered can be booked. A
decision holds for as long as nothing that it was made from can change: use cases lock first, and read after that.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from server.domain.doctor import Doctor, DoctorDay
from server.domain.errors import DomainError, Reason
from server.domain.policies import check_daily_limit
from server.domain.slots import Period, Slot


class Busy(NamedTuple):
    """What occupies a practitioner: an active appointment, with the buffer after it."""

    appointment_id: str
    doctor_id: str
    date: date
    period: Period
    seat: int
    held_until: datetime | None


class Visit(NamedTuple):
    """What a patient has: an active appointment, without the buffer after it."""

    appointment_id: str
    doctor_id: str
    clinic_id: str
    date: date
    period: Period
    held_until: datetime | None


class Seat(NamedTuple):
    """A seat of a slot, by number from 1."""

    number: int
    is_extra: bool
    """Whether it is one more than the slot has."""


@dataclass(frozen=True, slots=True)
class Place:
    """A slot that an appointment is to take, and what stands around it."""

    doctor: Doctor
    slot: Slot
    busy: Sequence[Busy]
    """The practitioner's appointments that meet the slot, at other clinics too."""
    visits: Sequence[Visit]
    """The patient's appointments around the day."""
    appointment_id: str
    """The appointment that takes the place: it is not in its own way."""


def seat_for(place: Place, now: datetime, *, override: bool = False) -> Seat:
    """The seat to take: the first free one, or with `override` one more than there are.

    Raises SLOT_TAKEN, PATIENT_BUSY and DAILY_LIMIT_REACHED.
    """
    busy = [each for each in place.busy if each.appointment_id != place.appointment_id]
    seats = free_seats(place.slot, place.doctor.id, busy, now)
    if not seats and not override:
        raise slot_taken(place.doctor.id, place.slot)
    _check_patient(place, now)
    if seats:
        return Seat(seats[0], is_extra=False)
    return Seat(max(place.slot.seats, *(other.seat for other in busy)) + 1, is_extra=True)


def _check_patient(place: Place, now: datetime) -> None:
    slot, clinic_id = place.slot, place.doctor.clinic_id
    mine = [each for each in place.visits if each.appointment_id != place.appointment_id and not ran_out(each, now)]
    if any(each.period.overlaps(slot.visit) for each in mine):
        raise patient_busy(slot)
    same_day = [each for each in mine if each.clinic_id == clinic_id and each.date == slot.date]
    check_daily_limit(place.doctor.policy, len(same_day))


def holds_to_expire(place: Place, now: datetime) -> dict[str, DoctorDay]:
    """The holds in the way that have run out, each with its day.

    They count for nothing here, but the database, which knows no clock, still keeps their time for them.
    """
    of_doctor = [each for each in place.busy if each.period.overlaps(place.slot.occupied)]
    of_patient = [each for each in place.visits if each.period.overlaps(place.slot.visit)]
    meeting: list[Busy | Visit] = [*of_doctor, *of_patient]
    return {each.appointment_id: (each.doctor_id, each.date) for each in meeting if ran_out(each, now)}


def ran_out(hold: Busy | Visit, now: datetime) -> bool:
    """Whether it is a hold that has ended."""
    return hold.held_until is not None and hold.held_until <= now


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


def slot_taken(doctor_id: str, slot: Slot) -> DomainError:
    """SLOT_TAKEN, still without alternatives."""
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
