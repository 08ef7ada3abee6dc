"""What patients were told about the time of day, and what clocks show once the rules of a time zone have changed.

An appointment is an instant. A country that changes its clocks does not move it, but the time of day at which it falls:

    told, by the rules of then     2026-12-10 10:00 in Tokyo, UTC+9      01:00 UTC
    by the rules of now            2026-12-10 11:00 in Tokyo, UTC+10     01:00 UTC

So each appointment keeps the offset by which it was told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from server.domain.slots import instants


@dataclass(frozen=True, slots=True)
class ToldStart:
    """The start of an appointment, and by which offset from UTC it was told."""

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
        """The wall time at which it falls by the rules of now."""
        return self.start_at.astimezone(self.zone).replace(tzinfo=None)

    @property
    def has_moved(self) -> bool:
        """Whether the two differ."""
        return self.utc_offset_minutes != utc_offset_minutes(self.start_at, self.zone)

    @property
    def as_told(self) -> datetime | None:
        """When clocks now show what the patient was told; the nearest such instant, None if clocks skip that time."""
        return min(instants(self.told, self.zone), key=lambda instant: abs(instant - self.start_at), default=None)


def utc_offset_minutes(instant: datetime, zone: ZoneInfo) -> int:
    """How far clocks of a zone are ahead of UTC at an instant."""
    offset = instant.astimezone(zone).utcoffset()
    return round(offset.total_seconds() / 60) if offset else 0


def without_collisions(moved: Sequence[ToldStart]) -> list[ToldStart]:
    """In an order in which each finds its new time left by the one before it.

    Where all go an hour earlier the first goes first, where all go later the last does.
    """
    earlier = [each for each in moved if each.shown > each.told]
    later = [each for each in moved if each.shown <= each.told]
    earlier.sort(key=lambda each: (each.start_at, each.appointment_id))
    later.sort(key=lambda each: (each.start_at, each.appointment_id), reverse=True)
    return earlier + later
