"""The dates of a series."""

from datetime import date

import pytest

from server.domain.booking.series import Frequency, Recurrence
from server.domain.errors import DomainError


@pytest.mark.parametrize(
    ("frequency", "interval", "first", "dates"),
    [
        (Frequency.WEEKLY, 1, "2026-03-03", ["2026-03-03", "2026-03-10", "2026-03-17"]),
        (Frequency.WEEKLY, 3, "2026-12-15", ["2026-12-15", "2027-01-05", "2027-01-26"]),
        (Frequency.MONTHLY_BY_DATE, 1, "2026-01-31", ["2026-01-31", "2026-03-31", "2026-05-31"]),
        (Frequency.MONTHLY_BY_DATE, 12, "2028-02-29", ["2028-02-29", "2032-02-29"]),
        (Frequency.MONTHLY_BY_WEEKDAY, 2, "2026-03-10", ["2026-03-10", "2026-05-12", "2026-07-14"]),
        (Frequency.MONTHLY_BY_WEEKDAY, 1, "2026-03-31", ["2026-03-31", "2026-06-30", "2026-09-29"]),
    ],
)
def test_dates_follow_the_calendar_and_leave_out_months_without_one(
    frequency: Frequency, interval: int, first: str, dates: list[str]
) -> None:
    found = Recurrence(frequency, interval, len(dates)).dates(date.fromisoformat(first))
    assert [each.isoformat() for each in found] == dates


def test_a_series_ends_within_five_years() -> None:
    assert len(Recurrence(Frequency.MONTHLY_BY_DATE, 1, 52).dates(date(2026, 3, 1))) == 52
    with pytest.raises(DomainError, match="further than 5 years"):
        Recurrence(Frequency.MONTHLY_BY_DATE, 2, 52).dates(date(2026, 3, 1))
