"""A doctor's day that streams follow, and the streams that follow it."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from db.postgres.directory.doctors import PlaceRow
from db.valkey.days import RenderedDay
from server.domain.booking.doctor import DoctorDay
from server.domain.booking.policies import today
from server.usecases.streams import Stream

WatchedDay = tuple[str, date | None]
"""A doctor and a date; None for the doctor's current day, whichever that is."""


class DayStream(Stream):
    """A stream of days: for a slow reader, at most one message waits for each watched day, the newest."""

    def __init__(self) -> None:
        super().__init__()
        self.pending: dict[WatchedDay, bytes] = {}
        """What to send."""

    def put(self, watched: WatchedDay, message: bytes) -> None:
        """Queue a day for sending, in place of an older version that still waits."""
        self.pending[watched] = message
        self.wake()


class FollowedDay:
    """A doctor's day that streams follow; if `fixed` is false, always the doctor's current day."""

    __slots__ = ("date", "day", "doctor_id", "due_at", "fixed", "loading", "streams", "wanted", "zone")

    def __init__(self, place: PlaceRow, day: date | None, now: datetime) -> None:
        self.doctor_id = place.doctor_id
        self.zone = ZoneInfo(place.time_zone)
        self.fixed = day is not None
        self.date = day or today(self.zone, now)
        self.day: RenderedDay | None = None
        self.due_at = now
        """When the day must be read again."""
        self.wanted = False
        """Whether it waits for its turn to be read."""
        self.loading = False
        self.streams: set[DayStream] = set()

    @property
    def watched(self) -> WatchedDay:
        """What streams ask for to follow it."""
        return self.doctor_id, self.date if self.fixed else None

    @property
    def key(self) -> DoctorDay:
        """The doctor and the date."""
        return self.doctor_id, self.date
