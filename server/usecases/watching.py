"""Watching the days of doctors."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from db.postgres import days, doctors
from db.postgres.doctors import PlaceRow
from db.postgres.engines import Connection, Engine
from db.postgres.routing import Freshness
from server.domain.availability import day_of
from server.domain.errors import Reason, not_found
from server.domain.identity import Action, Caller, Owner, require
from server.domain.ids import Clock
from server.domain.policies import today
from server.usecases.offers import busy_of, doctor_of
from server.usecases.rendering import Forms, OfferedDay
from server.usecases.streams import Stream, Streams
from server.usecases.writes import read

_LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Watched:
    """Whose days (of doctors, or of a clinic's), and which one; None for today, wherever the doctor is."""

    doctor_ids: Sequence[str]
    clinic_id: str
    day: date | None


class Watching:
    """Shows days as they change."""

    def __init__(self, engine: Engine, clock: Clock, forms: Forms, streams: Streams) -> None:
        self._engine = engine
        self._clock = clock
        self._forms = forms
        self._streams = streams

    async def watch(
        self, caller: Caller, watched: Watched, remaining_seconds: float | None
    ) -> AsyncGenerator[bytes, None]:
        """The messages of a stream (CLINIC_NOT_FOUND, DOCTOR_NOT_FOUND, NOT_ALLOWED)."""
        places = await self._places(caller, watched)
        stream, seen = Stream(), dict[str, bytes]()
        with self._streams.opened(stream, caller, remaining_seconds):
            while stream.ending is None:
                for place in places:
                    message = self._forms.whole(await self._day(place, watched.day))
                    if seen.get(place.doctor_id) != message:
                        seen[place.doctor_id] = message
                        yield message
                if stream.beat:
                    stream.beat = False
                    yield self._forms.heartbeat(self._clock())
                with suppress(TimeoutError):
                    await asyncio.wait_for(stream.woken(), _LOOK_SECONDS)
            yield self._forms.closing(stream.ending)

    async def _places(self, caller: Caller, watched: Watched) -> list[PlaceRow]:
        if watched.clinic_id:
            require(caller, Action.SEE_SLOTS, Owner(clinic_id=watched.clinic_id))
            found = await read(self._engine, lambda pg: doctors.places_of_clinic(pg, watched.clinic_id))
            if found is None:
                raise not_found(Reason.CLINIC_NOT_FOUND, "clinic", watched.clinic_id)
            return found
        rows = {
            row.doctor_id: row for row in await read(self._engine, lambda pg: doctors.places(pg, watched.doctor_ids))
        }
        for doctor_id in watched.doctor_ids:
            if doctor_id not in rows:
                raise not_found(Reason.DOCTOR_NOT_FOUND, "doctor", doctor_id)
            require(caller, Action.SEE_SLOTS, Owner(clinic_id=rows[doctor_id].clinic_id, doctor_id=doctor_id))
        return list(rows.values())

    async def _day(self, place: PlaceRow, day: date | None) -> OfferedDay:
        now = self._clock()
        wanted = day or today(ZoneInfo(place.time_zone), now)

        async def work(pg: Connection) -> OfferedDay:
            row = await (await days.offer(pg, place.doctor_id, wanted, wanted)).fetchone()
            if row is None:
                raise not_found(Reason.DOCTOR_NOT_FOUND, "doctor", place.doctor_id)
            offered = day_of(doctor_of(row), wanted, busy_of(row.busy), now)
            return OfferedDay(place.doctor_id, wanted, row.time_zone, row.epoch, row.revision, offered)

        return await read(self._engine, work, Freshness.PRIMARY_FIRST)
