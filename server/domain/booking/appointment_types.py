"""Types of appointment: a length and a buffer of their own, and who may book them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from server.domain.booking.resources import Resource
from server.domain.booking.slots import Period, Slot
from server.domain.errors import DomainError, Reason, invalid, not_found

MOST_OF_CLINIC = 200


class Audience(StrEnum):
    """Which patients may book a type; the values are those stored in the database."""

    ALL = "all"
    NEW = "new"
    """Those who have no appointment at the clinic yet, cancelled and missed ones aside."""
    KNOWN = "known"
    """Those who have one."""


@dataclass(frozen=True, slots=True)
class AppointmentType:
    """A type of appointment at a clinic; times in minutes."""

    id: str
    clinic_id: str
    name: str
    minutes: int
    buffer_minutes: int
    staff_only: bool
    audience: Audience
    active: bool
    kinds: tuple[str, ...] = ()
    """The kinds of resources of which an appointment needs one each."""
    resources: Sequence[Resource] = ()
    """Those of its kinds that are in use, with what occupies them in the period that was read."""

    def starts(self, slots: Sequence[Slot]) -> list[Slot]:
        """The visits of this type that begin with a slot of a day, given by start, and end within slots that follow.

        Slots follow each other if no more than the buffer is between them:

            slots of 30 minutes   09:00 09:30 10:00      11:00 11:30
            visits of 60          09:00 09:30            11:00
        """
        found = (self._starting(slots[number:]) for number in range(len(slots)))
        return [slot for slot in found if slot]

    def _starting(self, slots: Sequence[Slot]) -> Slot | None:
        first, reached = slots[0], slots[0].start_at
        end_at = first.start_at + timedelta(minutes=self.minutes)
        for slot in slots:
            if slot.start_at > reached:
                return None
            if slot.end_at >= end_at:
                occupied = Period(first.start_at, end_at + timedelta(minutes=self.buffer_minutes))
                # A buffer may reach into slots for fewer patients.
                seats = min(each.seats for each in slots if each.start_at < occupied.end_at)
                return first._replace(end_at=end_at, occupied=occupied, seats=seats)
            reached = slot.occupied.end_at
        return None


def check_type(wanted: AppointmentType | None, type_id: str, clinic_id: str) -> AppointmentType:
    """The type, if the clinic has it (APPOINTMENT_TYPE_NOT_FOUND) and offers it (APPOINTMENT_TYPE_NOT_OFFERED)."""
    if wanted is None or wanted.clinic_id != clinic_id:
        raise not_found(Reason.APPOINTMENT_TYPE_NOT_FOUND, "appointment_type", type_id)
    if not wanted.active:
        raise _not_offered("inactive", "the clinic no longer offers this type of appointment: choose another one")
    return wanted


def check_eligible(wanted: AppointmentType, *, was_here: bool, for_others: bool) -> None:
    """Refuse a type that is not for this patient (APPOINTMENT_TYPE_NOT_OFFERED).

    Staff, and others who book for patients, know whom they book and choose any type.
    """
    if for_others:
        return
    if wanted.staff_only:
        raise _not_offered("staff_only", "only the clinic books this type of appointment: call the clinic")
    if wanted.audience is Audience.NEW and was_here:
        raise _not_offered("new_patients", "this type is for a first appointment at the clinic: choose another one")
    if wanted.audience is Audience.KNOWN and not was_here:
        raise _not_offered("known_patients", "this type is for patients the clinic has seen before: choose another one")


def _not_offered(rule: str, message: str) -> DomainError:
    return DomainError(Reason.APPOINTMENT_TYPE_NOT_OFFERED, message, metadata={"rule": rule})


def check_number(there: int) -> None:
    """Refuse one more type for a clinic with so many, whether or not they are still offered (INVALID_REQUEST)."""
    if there >= MOST_OF_CLINIC:
        message = f"has {MOST_OF_CLINIC} types of appointment, the most there can be: change one that is not used"
        raise invalid("clinic_id", message)
