"""Rooms and devices: an appointment occupies one of each kind that its type needs, all or nothing."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from server.domain.booking.slots import Period
from server.domain.errors import DomainError, Reason, invalid

MOST_OF_CLINIC = 500


class Occupied(NamedTuple):
    """An appointment that occupies a resource."""

    appointment_id: str
    period: Period
    held_until: datetime | None


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource in use, and what occupies it in the period that was asked for, by start."""

    id: str
    kind: str
    name: str
    occupied: Sequence[Occupied] = ()

    def during(self, period: Period) -> Iterator[Occupied]:
        """What occupies it in a part of that period. No two overlap, so their ends are sorted as well."""
        index = bisect_right(self.occupied, period.start_at, key=lambda each: each.period.end_at)
        while index < len(self.occupied) and self.occupied[index].period.start_at < period.end_at:
            yield self.occupied[index]
            index += 1

    def is_free(self, period: Period, now: datetime, appointment_id: str = "") -> bool:
        """Whether nothing occupies it, apart from an appointment itself and expired holds."""
        return all(each.appointment_id == appointment_id or _ran_out(each, now) for each in self.during(period))

    def given_up(self, holds: frozenset[str], now: datetime) -> "Resource":
        """The same with these holds run out."""
        occupied = [each._replace(held_until=now) if each.appointment_id in holds else each for each in self.occupied]
        return replace(self, occupied=occupied)

    def lapsed(self, period: Period, now: datetime) -> list[str]:
        """The expired holds that still stand in the way: the constraint does not know the time."""
        return [each.appointment_id for each in self.during(period) if _ran_out(each, now)]


def most_at_once(resources: Sequence[Resource], kinds: Iterable[str], period: Period, now: datetime) -> int | None:
    """How many more appointments the resources allow in a period; None if none is needed."""
    free = [sum(each.kind == kind and each.is_free(period, now) for each in resources) for kind in kinds]
    return min(free, default=None)


def choose(
    resources: Sequence[Resource], kinds: Iterable[str], period: Period, now: datetime, appointment_id: str
) -> list[Resource]:
    """One free resource of each kind, those that the appointment has already first (RESOURCE_TAKEN)."""
    chosen = []
    for kind in kinds:
        free = [each for each in resources if each.kind == kind and each.is_free(period, now, appointment_id)]
        if not free:
            raise resource_taken(kind, period)
        own = [each for each in free if any(held.appointment_id == appointment_id for held in each.occupied)]
        chosen.append((own or free)[0])
    return chosen


def replacement(resources: Sequence[Resource], left: str, wanted: str, period: Period, now: datetime) -> Resource:
    """The resource to take instead of `left`, of the same kind: the wanted one, or any free one if that is empty.

    Raises RESOURCE_NOT_FOUND and RESOURCE_TAKEN.
    """
    others = [each for each in resources if each.id != left and wanted in {"", each.id}]
    if wanted and not others:
        raise _no_such("to_resource_id", wanted, "name another one of the same clinic and kind that is in use")
    for each in others:
        if each.is_free(period, now):
            return each
    message = (
        "the room or device is taken at that time: leave to_resource_id empty for any free one of the kind"
        if wanted
        else "no other one of the kind is free at that time: move an appointment, this one to one of the alternatives"
    )
    raise DomainError(Reason.RESOURCE_TAKEN, message, metadata={"start_time": f"{period.start_at:%Y-%m-%dT%H:%M:%SZ}"})


def kind_of(occupied: Iterable[tuple[str, str, str]], resource_id: str) -> tuple[str, str]:
    """Kind and name of a resource among the (id, kind, name) that an appointment occupies (RESOURCE_NOT_FOUND)."""
    for each, kind, name in occupied:
        if each == resource_id:
            return kind, name
    raise _no_such("resource_id", resource_id, "get the appointment to see which rooms and devices it occupies")


def _no_such(field: str, resource_id: str, hint: str) -> DomainError:
    return DomainError(
        Reason.RESOURCE_NOT_FOUND, f"there is no such resource here: {hint}", metadata={field: resource_id}
    )


def resource_taken(kind: str, period: Period) -> DomainError:
    """RESOURCE_TAKEN, without alternatives: those are added later."""
    return DomainError(
        Reason.RESOURCE_TAKEN,
        "the doctor is free, but nothing of a kind that the visit needs is: pick one of the alternatives",
        metadata={"kind": kind, "start_time": f"{period.start_at:%Y-%m-%dT%H:%M:%SZ}"},
    )


def _ran_out(occupied: Occupied, now: datetime) -> bool:
    return occupied.held_until is not None and occupied.held_until <= now


def check_number(there: int) -> None:
    """Refuse one more resource for a clinic with so many, whether or not they are in use (INVALID_REQUEST)."""
    if there >= MOST_OF_CLINIC:
        message = f"has {MOST_OF_CLINIC} rooms and devices, the most there can be: rename one that is not used"
        raise invalid("clinic_id", message)
