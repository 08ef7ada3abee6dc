"""Renders days of doctors from the database to bytes, in two forms: the free slots, and the whole day."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from db.postgres.booking import days
from db.postgres.booking.days import OfferRow
from db.postgres.cluster.engines import Engine
from db.postgres.cluster.routing import Freshness
from db.valkey.days import NO_EXPIRY, RenderedDay
from server.domain.booking.availability import Day, day_of
from server.domain.booking.doctor import DoctorDay
from server.domain.ids import Clock
from server.usecases.schedules.doctor_mapping import busy_of, doctor_of
from server.usecases.schedules.live.summaries import DaySummary
from server.usecases.streams import Ending
from server.usecases.unit_of_work import read


class OfferedDay(NamedTuple):
    """A doctor's day at a revision; within an epoch, the higher revision is newer."""

    doctor_id: str
    date: date
    time_zone: str
    epoch: int
    revision: int
    day: Day


@dataclass(frozen=True, slots=True)
class Forms:
    """Functions that render messages to bytes: the answer of ListAvailableSlots, and the messages of WatchSlots.

    Those of the contract are in `server/rpc/messages/day_bytes.py`.
    """

    free: Callable[[OfferedDay], bytes]
    whole: Callable[[OfferedDay], bytes]
    for_outsiders: Callable[[bytes], bytes]
    """The whole day as somebody may see it who belongs to no clinic."""
    heartbeat: Callable[[datetime], bytes]
    closing: Callable[[Ending], bytes]
    count: Callable[[bytes, bytes], tuple[int, int]]
    """The number of slots in the rendered free slots, and in the rendered whole day."""


class DayRenderer:
    """Reads days and renders them."""

    def __init__(self, engine: Engine, clock: Clock, forms: Forms) -> None:
        self._engine = engine
        self._clock = clock
        self._forms = forms

    async def render(self, keys: Sequence[DoctorDay]) -> list[RenderedDay]:
        """Days as they are now, with revisions and slots from a single statement; unknown doctors are left out.

        Raises DATABASE_UNAVAILABLE.
        """
        rows = await read(self._engine, lambda pg: days.offers_of_days(pg, keys), Freshness.PRIMARY_FIRST)
        return self.rendered(rows)

    def rendered(self, rows: Sequence[OfferRow]) -> list[RenderedDay]:
        """Render days from offers that are already known."""
        # Read the clock after the statement, so that a hold which expired meanwhile already counts as expired.
        now = self._clock()
        return [self._rendered(row, row.date, now) for row in rows if row.date]

    def summary(self, day: RenderedDay) -> DaySummary:
        """How many slots a rendered day has."""
        free, total = self._forms.count(day.free, day.whole)
        return DaySummary(day.doctor_id, day.date, day.clinic_id, day.epoch, day.revision, day.valid_until, free, total)

    def _rendered(self, row: OfferRow, day: date, now: datetime) -> RenderedDay:
        seen = day_of(doctor_of(row), day, busy_of(row.busy), now)
        offered = OfferedDay(row.doctor_id, day, row.time_zone, row.epoch, row.revision, seen)
        return RenderedDay(
            doctor_id=row.doctor_id,
            date=day,
            clinic_id=row.clinic_id,
            epoch=row.epoch,
            revision=row.revision,
            valid_until=seen.valid_until or NO_EXPIRY,
            free=self._forms.free(offered),
            whole=self._forms.whole(offered),
        )
