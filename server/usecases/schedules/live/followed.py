"""A doctor's day that streams follow, and the streams that follow it."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from db.postgres.directory.doctors import PlaceRow
from db.valkey.days import RenderedDay
from server.domain.booking.doctor import DoctorDay
from server.domain.booking.policies import today
from server.usecases.streams import Stream


class DayStream(Stream):
    """A stream of days: for a slow reader, at most one day per doctor waits, the newest."""

    def __init__(self) -> None:
        super().__init__()
        self.pending: dict[str, bytes] = {}
        """What to send, by doctor."""

    def put(self, doctor_id: str, message: bytes) -> None:
        """Queue a day for sending, in place of an older one of the doctor that still waits."""
        self.pending[doctor_id] = message
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
    def key(self) -> DoctorDay:
        """The doctor and the date."""
        return self.doctor_id, self.date
