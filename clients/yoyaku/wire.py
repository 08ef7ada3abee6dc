"""Converts Python values (dates, times, aware datetimes) to and from the contract's formats."""

import uuid
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from google.protobuf.timestamp_pb2 import Timestamp

Day = date | str
"""A day of a schedule: a date, or `YYYY-MM-DD` as in the answers."""
WallTime = time | str
"""A time on the clinic's wall clock: a time, or `HH:MM` as in the answers."""
Instant = datetime | Timestamp
"""An instant: an aware datetime, or a Timestamp as in the answers."""


def day_text(day: Day | None) -> str:
    """`YYYY-MM-DD`, or empty for None; TypeError for a datetime, whose day depends on the zone."""
    if isinstance(day, datetime):
        raise TypeError("give a date, not a datetime: the day depends on the clinic's time zone")
    return day.isoformat() if isinstance(day, date) else day or ""


def wall_text(wall: WallTime | None) -> str:
    """`HH:MM`, or empty for None."""
    return wall.strftime("%H:%M") if isinstance(wall, time) else wall or ""


def timestamp(instant: Instant | None) -> Timestamp | None:
    """The Timestamp of an instant; ValueError for a datetime without a zone."""
    if not isinstance(instant, datetime):
        return instant
    if instant.tzinfo is None:
        raise ValueError("the datetime has no time zone: make it aware, or give date and time_slot of the clinic")
    stamp = Timestamp()
    stamp.FromDatetime(instant)
    return stamp


def write_id(given: str) -> str:
    """The caller's request_id, or a new one; a write that is sent again with the same id is done only once."""
    return given or str(uuid.uuid4())


def local_time(stamp: Timestamp, time_zone: str) -> datetime:
    """An instant from an answer, on the wall clock of a zone."""
    return stamp.ToDatetime(ZoneInfo(time_zone))
