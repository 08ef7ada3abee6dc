"""Dates and times of FHIR, which may stop at the day or the minute and need not have an offset."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from server.fhir.fields import Unusable, text

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)?)?", re.ASCII)
_FIRST_YEAR = 1900


class Moment(NamedTuple):
    """What is written: a day, perhaps with a time, perhaps with an offset from UTC."""

    field: str
    day: date
    at: datetime | None
    """With the time, and without a zone if there is no offset; None for a day alone."""

    @property
    def is_instant(self) -> bool:
        """Whether it means the same everywhere."""
        return self.at is not None and self.at.tzinfo is not None

    def first(self, zone: ZoneInfo) -> datetime:
        """The first instant that is meant, for somebody in a zone, in UTC (Unusable)."""
        return self._in_utc(self.at or datetime.combine(self.day, time()), zone)

    def last(self, zone: ZoneInfo) -> datetime:
        """The last instant that is meant: a day alone ends at its midnight (Unusable)."""
        return self._in_utc(self.at or datetime.combine(self.day, time()) + timedelta(days=1), zone)

    def _in_utc(self, at: datetime, zone: ZoneInfo) -> datetime:
        try:
            return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
        except OverflowError:
            raise Unusable(f"{self.field} is not a valid date and time") from None


def moment(value: object, field: str) -> Moment | None:
    """A date or time, None if there is none (Unusable if it is neither, or lies before 1900)."""
    written = text(value)
    if not written and value in (None, ""):
        return None
    if not (match := _MOMENT.fullmatch(written)):
        raise Unusable(f"{field} is not a day or a time, such as 2023-04-05 or 2023-04-05T09:30:00+09:00")
    day, clock, offset = match.groups()
    try:
        found = Moment(
            field, date.fromisoformat(day), datetime.fromisoformat(f"{day}T{clock}{offset or ''}") if clock else None
        )
    except ValueError:
        raise Unusable(f"{field} is not a valid date and time") from None
    if found.first(ZoneInfo("UTC")).year < _FIRST_YEAR:
        raise Unusable(f"{field} lies before {_FIRST_YEAR}")
    return found
