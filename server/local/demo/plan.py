"""How large a hospital is to be, and which days its book covers."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

SEED = 1
_WEEKDAYS = (1.15, 1.0, 0.95, 1.0, 0.9, 0.0, 0.0)
# Of what a day will hold in the end, hardly anything is booked at the horizon yet.
_OPEN_AT_HORIZON = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class HospitalPlan:
    """The numbers of a hospital; the same plan makes the same rows, ids included."""

    until: date
    """The present of the data: what starts before its first moment (UTC) is past, what starts later is booked."""
    seed: int = SEED
    """Which hospital: there is one of each seed in a database."""
    doctors: int = 50
    patients: int = 10_000
    days: int = 3 * 365
    """All days of the book; the last `horizon_days` of them lie ahead."""
    per_day: int = 200
    """Appointments a day, as the mean over all days; there are none on weekends."""
    horizon_days: int = 90

    @property
    def now(self) -> datetime:
        """The present of the data."""
        return datetime.combine(self.until, time(), UTC)

    @property
    def first_day(self) -> date:
        """The day from which the doctors work."""
        return self.until - timedelta(days=self.days - self.horizon_days)

    @property
    def founded_at(self) -> datetime:
        """Before anyone could have booked."""
        return datetime.combine(self.first_day - timedelta(days=self.horizon_days + 2), time(), UTC)

    @property
    def appointments(self) -> int:
        """How many there are to be in all."""
        return self.days * self.per_day

    def targets(self) -> Iterator[tuple[date, int]]:
        """Each working day, and how many appointments it is to hold."""
        days = [self.first_day + timedelta(days=number) for number in range(self.days)]
        share = self.appointments / sum(map(self._demand, days))
        due, planned = 0.0, 0
        for day in days:
            due += share * self._demand(day)
            target = round(due) - planned
            planned += target
            if target:
                yield day, target

    def _demand(self, day: date) -> float:
        ahead = max((day - self.until).days, 0) / self.horizon_days
        return _WEEKDAYS[day.weekday()] * (1 - _OPEN_AT_HORIZON * ahead)
