"""Birth dates, of which no more than the year or the month may be known."""

from calendar import monthrange
from datetime import date

_LENGTHS = {"year": 4, "month": 7, "day": 10}


def written(day: date | None, precision: str) -> str:
    """YYYY, YYYY-MM or YYYY-MM-DD, as `precision` (`year`, `month` or `day`) says; empty for None."""
    return day.isoformat()[: _LENGTHS[precision]] if day else ""


def precision_of(written_date: str) -> str:
    """The precision of a date that is written so; that of an empty one is `day`."""
    return next((name for name, length in _LENGTHS.items() if length == len(written_date)), "day")


def differ(one: str, other: str) -> bool:
    """Whether two dates that are written so cannot be the same day; what is not known differs from nothing."""
    length = min(len(one), len(other))
    return one[:length] != other[:length]


def last_possible(day: date | None, precision: str) -> date | None:
    """The latest birth date that fits what is known; None if nothing is."""
    if day is None or precision == "day":
        return day
    month = 12 if precision == "year" else day.month
    return date(day.year, month, monthrange(day.year, month)[1])
