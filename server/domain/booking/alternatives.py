"""Which slots of other doctors to offer when a doctor has none, and why each is near."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from itertools import islice
from typing import NamedTuple

from server.domain.booking.appointment_types import AppointmentType
from server.domain.booking.availability import MOST_ALTERNATIVES, day_of
from server.domain.booking.doctor import Doctor
from server.domain.booking.seating import Busy
from server.domain.booking.slots import Slot

DAYS_OF_ALTERNATIVES = 7
"""How many days after the unavailable slot are looked at; before it, it is one."""
MOST_DOCTORS_ELSEWHERE = 20
"""How many doctors at other clinics are looked at: a refusal must cost little, above all while many are refused."""
_MOST_ELSEWHERE = 2
"""How many are at other clinics while the clinic has any."""


class Near(Enum):
    """Why the slot of another doctor is near; the names are those of AlternativeReason in the contract."""

    SAME_SPECIALTY = "same_specialty"
    """Another doctor of the specialty at the clinic."""
    SOONER_ELSEWHERE = "sooner_elsewhere"
    """A doctor of the specialty at another clinic, sooner than anybody of it at this one."""


@dataclass(frozen=True, slots=True)
class OtherDoctor:
    """Another doctor, and how people call doctor and clinic."""

    id: str
    name: str
    specialty: str
    clinic_id: str
    clinic_name: str
    time_zone: str


class OfferOfOther(NamedTuple):
    """Another doctor, and what occupies that doctor."""

    other: OtherDoctor
    doctor: Doctor
    busy: Sequence[Busy]


@dataclass(frozen=True, slots=True)
class Alternative:
    """A free slot of another doctor."""

    slot: Slot
    near: Near
    other: OtherDoctor


def at_clinic(
    offers: Iterable[OfferOfOther], wanted: Slot, now: datetime, of_type: AppointmentType | None
) -> list[Alternative]:
    """The nearest slots of other doctors at the clinic, by start."""
    free = (
        Alternative(slot, Near.SAME_SPECIALTY, each.other)
        for each in offers
        for slot in _free(each, wanted, now, of_type)
    )
    return _nearest(free, wanted, MOST_ALTERNATIVES)


def with_sooner(
    here: Sequence[Alternative], elsewhere: Iterable[OfferOfOther], wanted: Slot, now: datetime
) -> list[Alternative]:
    """These at the clinic, and slots elsewhere that are sooner than all of these, by start."""
    first = min((each.slot.start_at for each in here), default=None)
    free = (
        Alternative(slot, Near.SOONER_ELSEWHERE, each.other)
        for each in elsewhere
        for slot in _free(each, wanted, now, None)
        if first is None or slot.start_at < first
    )
    sooner = _nearest(free, wanted, _MOST_ELSEWHERE if here else MOST_ALTERNATIVES)
    return _by_start([*sooner, *_nearest(here, wanted, MOST_ALTERNATIVES - len(sooner))])


def _free(offer: OfferOfOther, wanted: Slot, now: datetime, of_type: AppointmentType | None) -> list[Slot]:
    dates = (wanted.date + timedelta(days=offset) for offset in range(-1, DAYS_OF_ALTERNATIVES + 1))
    return [slot for day in dates for slot in day_of(offer.doctor, day, offer.busy, now, of_type).slots]


def _nearest(found: Iterable[Alternative], wanted: Slot, most: int) -> list[Alternative]:
    nearest = sorted(found, key=lambda each: abs(each.slot.start_at - wanted.start_at))
    return _by_start(islice(nearest, most))


def _by_start(found: Iterable[Alternative]) -> list[Alternative]:
    return sorted(found, key=lambda each: (each.slot.start_at, each.other.id))
