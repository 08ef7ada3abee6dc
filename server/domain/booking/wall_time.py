"""The time of day that patients were told, and what clocks show after the rules of a time zone have changed.

An appointment is an instant. When a country changes its rules, the instant stays, but its time of day changes:

    told, by the old rules         2026-12-10 10:00 in Tokyo, UTC+9      01:00 UTC
    shown, by the new rules        2026-12-10 11:00 in Tokyo, UTC+10     01:00 UTC

So each appointment keeps the UTC offset that applied when the patient was told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from server.domain.booking.slots import instants


@dataclass(frozen=True, slots=True)
class ToldStart:
    """The start of an appointment, and the UTC offset that applied when the patient was told of it."""

    appointment_id: str
    version: int
    zone: ZoneInfo
    start_at: datetime
    utc_offset_minutes: int

    @property
    def told(self) -> datetime:
        """The wall time that the patient was told."""
        return self.start_at.astimezone(UTC).replace(tzinfo=None) + timedelta(minutes=self.utc_offset_minutes)

    @property
    def shown(self) -> datetime:
        """The wall time of the start by today's rules."""
        return self.start_at.astimezone(self.zone).replace(tzinfo=None)

    @property
    def has_moved(self) -> bool:
        """Whether the wall time is no longer the one that the patient was told."""
        return self.utc_offset_minutes != utc_offset_minutes(self.start_at, self.zone)

    @property
    def as_told(self) -> datetime | None:
        """When clocks now show the time that the patient was told: the nearest such instant, None if clocks skip it."""
        return min(instants(self.told, self.zone), key=lambda instant: abs(instant - self.start_at), default=None)


def utc_offset_minutes(instant: datetime, zone: ZoneInfo) -> int:
    """How many minutes clocks of a zone are ahead of UTC at an instant."""
    offset = instant.astimezone(zone).utcoffset()
    return round(offset.total_seconds() / 60) if offset else 0


def without_collisions(moved: Sequence[ToldStart]) -> list[ToldStart]:
    """Sorted so that each appointment moves only after the one at its new time has moved away.

    If all move an hour earlier, the first one moves first; if all move later, the last one does.
    """
    earlier = [each for each in moved if each.shown > each.told]
    later = [each for each in moved if each.shown <= each.told]
    earlier.sort(key=lambda each: (each.start_at, each.appointment_id))
    later.sort(key=lambda each: (each.start_at, each.appointment_id), reverse=True)
    return earlier + later
