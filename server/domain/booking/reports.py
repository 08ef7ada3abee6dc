"""What reports about a clinic's days say; docs/reports.md defines each figure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from server.domain.booking.doctor import Doctor

MOST_DAYS = 92
LATE_HOURS = 24
"""Who cancels or moves fewer hours before the start is late, unless the reader says otherwise."""


class Grouping(StrEnum):
    """What the rows of a report stand for."""

    DAY = "day"
    DOCTOR = "doctor"
    TYPE = "type"
    HOUR = "hour"


@dataclass(frozen=True, slots=True)
class Utilization:
    """How much of the working hours was booked."""

    key: str
    name: str
    offered_seconds: int
    booked_seconds: int
    attended_seconds: int
    appointments: int

    @property
    def utilization(self) -> float | None:
        """What was booked as a share of what was offered; None if nothing was."""
        return self.booked_seconds / self.offered_seconds if self.offered_seconds else None


@dataclass(frozen=True, slots=True)
class Waits:
    """How long patients waited; all times in seconds."""

    key: str
    name: str
    called: int
    not_called: int
    mean: float
    median: float
    p90: float
    longest: float


@dataclass(frozen=True, slots=True)
class Attendance:
    """What became of appointments."""

    key: str
    name: str
    appointments: int
    attended: int
    no_shows: int
    unresolved: int
    cancelled: int
    late_cancellations: int
    late_moves: int

    @property
    def rate(self) -> float | None:
        """No-shows as a share of those who came or should have; None if there are none."""
        expected = self.attended + self.no_shows
        return self.no_shows / expected if expected else None


def offered_seconds(doctor: Doctor, days: Iterable[date], by: Grouping) -> Counter[str]:
    """What a doctor's working hours offer on days, in seconds by the keys of a report; by type there is one, empty key.

    A slot of several seats counts once for each, and belongs to the hour of the wall clock in which it starts.
    """
    found: Counter[str] = Counter()
    for day in days:
        for slot in doctor.slots_on(day):
            match by:
                case Grouping.DAY:
                    key = day.isoformat()
                case Grouping.DOCTOR:
                    key = doctor.id
                case Grouping.HOUR:
                    key = slot.time_slot[:2]
                case Grouping.TYPE:
                    key = ""
            found[key] += slot.seats * int((slot.end_at - slot.start_at).total_seconds())
    return found
