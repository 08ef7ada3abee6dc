"""Following the days of doctors: the stream of WatchSlots."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from db.postgres.cluster.engines import Engine
from db.postgres.directory import doctors
from db.postgres.directory.doctors import PlaceRow
from server.domain.errors import Reason, not_found
from server.domain.identity import Caller, token_missing
from server.domain.ids import Clock
from server.domain.rights import Action, Owner, require
from server.domain.stream_limits import DAYS_OF_VISITOR
from server.usecases.schedules.live.followed import DayStream
from server.usecases.schedules.live.hub import Hub
from server.usecases.schedules.live.rendering import Forms
from server.usecases.streams import Ending, Streams, Watcher
from server.usecases.unit_of_work import read


@dataclass(frozen=True, slots=True)
class Watched:
    """Whose days to watch (some doctors', or a clinic's), and which ones."""

    doctor_ids: Sequence[str]
    clinic_id: str
    day: date | None
    """The first day; None for today in the clinic's zone, which moves on."""
    count: int
    """How many days from the first on; 1 if that is None."""

    @property
    def days(self) -> list[date | None]:
        """The days; None for the current one."""
        return [self.day and self.day + timedelta(days=number) for number in range(self.count)]


class SlotWatch:
    """Streams days as they change."""

    def __init__(self, engine: Engine, clock: Clock, hub: Hub, streams: Streams, forms: Forms) -> None:
        self._engine = engine
        self._clock = clock
        self._hub = hub
        self._streams = streams
        self._forms = forms

    async def watch(self, watcher: Watcher, watched: Watched) -> AsyncGenerator[bytes, None]:
        """The messages of a stream (CLINIC_NOT_FOUND, DOCTOR_NOT_FOUND, NOT_ALLOWED, TOO_MANY_STREAMS)."""
        stream = DayStream()
        # Counted first: a caller with too many streams is refused without a query.
        async with self._streams.opened(stream, watcher):
            places = await self._places(watcher.caller, watched)
            with self._hub.following(stream, places, watched.days):
                while stream.ending is None:
                    await stream.woken()
                    while stream.pending and stream.ending is not Ending.TOKEN_REVOKED:
                        message = stream.pending.pop(next(iter(stream.pending)))
                        yield self._forms.for_outsiders(message) if watcher.caller.is_outsider else message
                    if stream.beat:
                        stream.beat = False
                        yield self._forms.heartbeat(self._clock())
            yield self._forms.closing(stream.ending)

    async def _places(self, caller: Caller, watched: Watched) -> list[PlaceRow]:
        if caller.is_visitor and (len(watched.doctor_ids) != 1 or watched.count > DAYS_OF_VISITOR):
            raise token_missing()
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
