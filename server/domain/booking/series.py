"""The dates of a series of appointments: a rule of the calendar, on the clinic's wall clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from server.domain.errors import invalid

MOST_YEARS = 5
"""How far from the first to the last date."""


class Frequency(Enum):
    """How dates follow each other; the names are those of Frequency in the contract."""

    WEEKLY = "weekly"
    MONTHLY_BY_DATE = "monthly_by_date"
    MONTHLY_BY_WEEKDAY = "monthly_by_weekday"
    """On the same weekday of the month, such as the second Tuesday."""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Every `interval` weeks or months, `count` dates in all."""

    frequency: Frequency
    interval: int
    count: int

    def dates(self, first: date) -> list[date]:
        """The dates, beginning with the first (INVALID_REQUEST if the last is more than five years later).

        A month without the date or weekday, such as 31 April or a fifth Tuesday, is left out and does not count:

            first on 31 January, monthly by date, 3 dates      31 January, 31 March, 31 May
        """
        found = list(self._dates(first))[: self.count]
        if len(found) < self.count:
            raise invalid("recurrence.count", f"reaches further than {MOST_YEARS} years: ask for fewer appointments")
        return found

    def _dates(self, first: date) -> Iterator[date]:
        if self.frequency is Frequency.WEEKLY:
            weeks = range(0, MOST_YEARS * 52, self.interval)
            yield from (first + timedelta(weeks=number) for number in weeks)
            return
        for number in range(0, MOST_YEARS * 12, self.interval):
            year, month = divmod(first.year * 12 + first.month - 1 + number, 12)
            if day := self._of_month(first, date(year, month + 1, 1)):
                yield day

    def _of_month(self, first: date, begin: date) -> date | None:
        """The date in the month that begins then, if it has one."""
        if self.frequency is Frequency.MONTHLY_BY_DATE:
            day = begin + timedelta(days=first.day - 1)
        else:
            weeks = (first.day - 1) // 7
            day = begin + timedelta(days=(first.weekday() - begin.weekday()) % 7, weeks=weeks)
        return day if day.month == begin.month else None
