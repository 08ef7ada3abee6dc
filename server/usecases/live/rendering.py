"""Makes a doctor's day from the database: its free slots and the whole of it, as bytes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from db.postgres import days
from db.postgres.days import OfferRow
from db.postgres.engines import Connection, Engine
from db.postgres.routing import Freshness
from db.valkey.days import NEVER, RenderedDay
from server.domain.availability import Day, day_of
from server.domain.doctor import DoctorDay
from server.domain.errors import Reason, not_found
from server.domain.ids import Clock
from server.usecases.offers import busy_of, doctor_of
from server.usecases.streams import Ending
from server.usecases.writes import read


@dataclass(frozen=True, slots=True)
class OfferedDay:
    """A doctor's day at a revision; of two with one epoch the one with the higher revision is newer."""

    doctor_id: str
    date: date
    time_zone: str
    epoch: int
    revision: int
    day: Day


@dataclass(frozen=True, slots=True)
class Forms:
    """Bytes of messages: the free slots of a day for ListAvailableSlots, and what WatchSlots sends."""

    free: Callable[[OfferedDay], bytes]
    whole: Callable[[OfferedDay], bytes]
    heartbeat: Callable[[datetime], bytes]
    closing: Callable[[Ending], bytes]


class Rendering:
    """Reads days and renders them."""

    def __init__(self, engine: Engine, clock: Clock, forms: Forms) -> None:
        self._engine = engine
        self._clock = clock
        self._forms = forms

    async def render(self, key: DoctorDay) -> RenderedDay:
        """A day as it is now, revision and slots from one statement (DOCTOR_NOT_FOUND, DATABASE_UNAVAILABLE)."""
        doctor_id, day = key

        async def work(pg: Connection) -> OfferRow | None:
            return await (await days.offer(pg, doctor_id, day, day)).fetchone()

        row = await read(self._engine, work, Freshness.PRIMARY_FIRST)
        if row is None:
            raise not_found(Reason.DOCTOR_NOT_FOUND, "doctor", doctor_id)
        # The clock after the statement: what it saw holds now, while a hold that ended meanwhile is seen as ended.
        seen = day_of(doctor_of(row), day, busy_of(row.busy), self._clock())
        offered = OfferedDay(doctor_id, day, row.time_zone, row.epoch, row.revision, seen)
        return RenderedDay(
            doctor_id=doctor_id,
            date=day,
            clinic_id=row.clinic_id,
            epoch=row.epoch,
            revision=row.revision,
            valid_until=seen.valid_until or NEVER,
            free=self._forms.free(offered),
            whole=self._forms.whole(offered),
        )
