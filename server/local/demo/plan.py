"""The size of a demo hospital, and the days that it has appointments on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

SEED = 1
_WEEKDAYS = (1.15, 1.0, 0.95, 1.0, 0.9, 0.0, 0.0)
# Few of a day's eventual appointments are booked as far ahead as the horizon.
_OPEN_AT_HORIZON = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class HospitalPlan:
    """The numbers of a hospital; the same plan makes the same rows, ids included."""

    until: date
    """The date that counts as today: appointments before its first moment (UTC) are past, later ones booked."""
    seed: int = SEED
    """Identifies the hospital: a database holds one for each seed."""
    doctors: int = 50
    patients: int = 10_000
    days: int = 3 * 365
    """The number of days with appointments; the last `horizon_days` of them are in the future."""
    per_day: int = 200
    """The mean number of appointments per day over all days; there are none on weekends."""
    horizon_days: int = 90

    @property
    def now(self) -> datetime:
        """The instant that counts as now."""
        return datetime.combine(self.until, time(), UTC)

    @property
    def first_day(self) -> date:
        """The day from which the doctors work."""
        return self.until - timedelta(days=self.days - self.horizon_days)

    @property
    def founded_at(self) -> datetime:
        """An instant before the first booking."""
        return datetime.combine(self.first_day - timedelta(days=self.horizon_days + 2), time(), UTC)

    @property
    def appointments(self) -> int:
        """The total number of appointments."""
        return self.days * self.per_day

    def targets(self) -> Iterator[tuple[date, int]]:
        """Each working day with its number of appointments."""
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
