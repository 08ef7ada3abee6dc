"""Rooms and devices: an appointment occupies one of each kind that its type needs, all or nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from server.domain.booking.slots import Period
from server.domain.errors import DomainError, Reason


class Occupied(NamedTuple):
    """An appointment that occupies a resource."""

    appointment_id: str
    period: Period
    held_until: datetime | None


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource in use, and what occupies it in the period that was asked for."""

    id: str
    kind: str
    name: str
    occupied: Sequence[Occupied] = ()

    def is_free(self, period: Period, now: datetime, appointment_id: str = "") -> bool:
        """Whether nothing occupies it, apart from an appointment itself and expired holds."""
        return not any(
            each.period.overlaps(period)
            for each in self.occupied
            if each.appointment_id != appointment_id and not _ran_out(each, now)
        )

    def lapsed(self, period: Period, now: datetime) -> list[str]:
        """The expired holds that still stand in the way: the constraint does not know the time."""
        return [each.appointment_id for each in self.occupied if each.period.overlaps(period) and _ran_out(each, now)]


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


def resource_taken(kind: str, period: Period) -> DomainError:
    """RESOURCE_TAKEN, without alternatives: those are added later."""
    return DomainError(
        Reason.RESOURCE_TAKEN,
        "the doctor is free, but nothing of a kind that the visit needs is: pick one of the alternatives",
        metadata={"kind": kind, "start_time": f"{period.start_at:%Y-%m-%dT%H:%M:%SZ}"},
    )


def _ran_out(occupied: Occupied, now: datetime) -> bool:
    return occupied.held_until is not None and occupied.held_until <= now
