"""The days that a worker's streams follow: once a day changes, each stream gets its newest version, as a whole day.

Three things change a day: a commit that a worker announces through Valkey; a commit whose announcement was lost, which
is found by a look at the database every two seconds; and the clock. The day of a slow reader may skip revisions:

    while the reader is busy    revisions 8, 9 and 10 arrive, each replaces the one before it
    when it reads again         it gets revision 10
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from itertools import product

import structlog

from db.errors import StateError
from db.postgres.booking import days as stored
from db.postgres.booking.days import DayRow
from db.postgres.cluster.engines import Engine
from db.postgres.directory.doctors import PlaceRow
from db.valkey import days as kept
from db.valkey.client import Valkey
from db.valkey.days import RenderedDay
from db.valkey.signer import Signer
from server.domain.booking.doctor import DoctorDay
from server.domain.booking.policies import today
from server.domain.booking.slots import midnight
from server.domain.errors import DomainError
from server.domain.ids import Clock
from server.telemetry.logs import place_of
from server.usecases.schedules.live.days import Days
from server.usecases.schedules.live.fair_queue import FairQueue
from server.usecases.schedules.live.followed import DayStream, FollowedDay
from server.usecases.unit_of_work import read

_log = structlog.get_logger()

_LOOK_SECONDS = 2.0
_LOOK_BACK = timedelta(minutes=1)
_TICK = timedelta(seconds=1)
_RECONNECT_SECONDS = 0.5
_TOGETHER = 16
_AT_ONCE = 2


class Hub:
    """Follows days for streams.

    Several days are read at once, and streams take turns: a stream with few doctors gets its days quickly, however many
    the other streams ask for.
    """

    def __init__(self, days: Days, engine: Engine, valkey: Valkey, signer: Signer, clock: Clock) -> None:
        self._days = days
        self._engine = engine
        self._valkey = valkey
        self._signer = signer
        self._clock = clock
        self._followed: dict[tuple[str, date | None], FollowedDay] = {}
        self._by_day: dict[DoctorDay, list[FollowedDay]] = {}
        self._waiting: FairQueue[DayStream, FollowedDay] = FairQueue()
        self._wanted = asyncio.Event()
        self._looked_at = self._wakes_at = clock() - kept.TTL
        self._found: set[tuple[int, DayRow]] = set()
        """What the last look found: the epoch, and days that had changed."""
        self._sooner = asyncio.Event()
        days.on_new = self.deliver

    @contextmanager
    def following(self, stream: DayStream, places: Iterable[PlaceRow], days: Sequence[date | None]) -> Iterator[None]:
        """Give a stream these days of each doctor, now and whenever they change; None is the current day."""
        wanted = list(product(days, places))
        for day, place in wanted:
            self._join(stream, place, day)
        try:
            yield
        finally:
            for day, place in wanted:
                self._leave(stream, place.doctor_id, day)

    def deliver(self, day: RenderedDay) -> None:
        """Give a day to the streams that follow it, unless they already have it or a newer version."""
        for followed in self._by_day.get((day.doctor_id, day.date), ()):
            if followed.day is None or followed.day.version < day.version:
                followed.day = day
                followed.due_at = self._due_at(followed, day)
                if followed.due_at < self._wakes_at:
                    self._sooner.set()
                for stream in followed.streams:
                    stream.put(followed.watched, day.whole)

    def loops(self) -> list[Coroutine[None, None, None]]:
        """The tasks that follow days until cancelled; a failure is logged once, and retried."""
        return [
            self._always(self._listen, _RECONNECT_SECONDS),
            self._always(self._look, _LOOK_SECONDS),
            self._keep_time(),
            *(self._keep_loading() for _ in range(_AT_ONCE)),
        ]

    async def _always(self, work: Callable[[], Awaitable[None]], pause: float) -> None:
        well = True
        while True:
            try:
                await work()
                well = True
            except (DomainError, StateError) as error:
                if well:
                    _log.warning("following is hindered", failure=place_of(error))
                well = False
            await asyncio.sleep(pause)

    async def _listen(self) -> None:
        async for day in kept.listen(self._valkey, self._signer, self._days.name):
            if day is None:
                # Just subscribed: whatever was announced before was missed.
                await self._look()
            else:
                self._days.take(day)

    async def _look(self) -> None:
        """Find the commits whose announcements did not reach this worker."""
        began, since = self._clock(), self._looked_at - _LOOK_BACK
        epoch, rows = await read(self._engine, lambda pg: stored.changed_since(pg, since))
        self._looked_at = began
        self._days.learn_epoch(epoch)
        found = {(epoch, row) for row in rows}
        for _, row in found - self._found:  # the others were learned when they were found before
            self._days.learn((row.doctor_id, row.date), epoch, row.revision)
        self._found = found
        for followed in list(self._followed.values()):
            if followed.day is not None and self._days.is_old(followed.day):
                self._refresh(followed)

    async def _keep_time(self) -> None:
        while True:
            self._sooner.clear()
            now = self._clock()
            waiting = [each for each in self._followed.values() if not each.loading]
            for followed in waiting:
                if followed.due_at <= now:
                    self._refresh(followed)
            self._wakes_at = min((each.due_at for each in waiting if each.due_at > now), default=now + _TICK)
            with suppress(TimeoutError):
                async with asyncio.timeout(min(_TICK, self._wakes_at - now).total_seconds()):
                    await self._sooner.wait()

    def _refresh(self, followed: FollowedDay, stream: DayStream | None = None) -> None:
        """Queue a day to be read, in the turn of `stream` if it has just joined, else of any stream that follows it."""
        if followed.loading or (followed.wanted and stream is None):
            return
        followed.wanted = True
        self._waiting.put(stream or next(iter(followed.streams)), followed)
        self._wanted.set()

    async def _keep_loading(self) -> None:
        while True:
            await self._wanted.wait()
            if turns := self._turns():
                await self._load(turns)
            else:
                self._wanted.clear()

    def _turns(self) -> list[FollowedDay]:
        turns: list[FollowedDay] = []
        while self._waiting and len(turns) < _TOGETHER:
            followed = self._waiting.take()
            if followed.wanted and followed.streams:  # not yet read in another stream's turn, and still followed
                followed.wanted, followed.loading = False, True
                turns.append(followed)
        return turns

    async def _load(self, turns: list[FollowedDay]) -> None:
        try:
            await self._read(turns)
        except DomainError:  # a lost database is logged elsewhere
            pass
        except Exception as error:
            if len(turns) > 1:  # one that cannot be read must not stop the others
                for followed in turns:
                    await self._load([followed])
            else:
                _log.error("a followed day cannot be read", failure=place_of(error))
        now = self._clock()
        for followed in turns:
            followed.loading = False
            if followed.due_at <= now:  # it could not be read
                followed.due_at = now + _TICK
        await asyncio.sleep(0)  # reading days from memory never yields: let calls continue

    async def _read(self, turns: list[FollowedDay]) -> None:
        still = [followed for followed in turns if followed.streams]
        for followed in still:
            self._move_to_today(followed)
        for day in await self._days.get_all({followed.key for followed in still}):
            self.deliver(day)

    def _move_to_today(self, followed: FollowedDay) -> None:
        day = today(followed.zone, self._clock())
        if not followed.fixed and day != followed.date:
            self._forget(followed)
            followed.date, followed.day = day, None
            self._by_day.setdefault(followed.key, []).append(followed)

    def _due_at(self, followed: FollowedDay, day: RenderedDay) -> datetime:
        if followed.fixed:
            return day.valid_until
        return min(day.valid_until, midnight(followed.date + timedelta(days=1), followed.zone))

    def _join(self, stream: DayStream, place: PlaceRow, day: date | None) -> None:
        now = self._clock()
        followed = self._followed.get((place.doctor_id, day))
        if followed is None:
            followed = self._followed[place.doctor_id, day] = FollowedDay(place, day, now)
            self._by_day.setdefault(followed.key, []).append(followed)
        followed.streams.add(stream)
        if followed.day is not None and now < followed.due_at:
            stream.put(followed.watched, followed.day.whole)
        else:
            self._refresh(followed, stream)

    def _leave(self, stream: DayStream, doctor_id: str, day: date | None) -> None:
        followed = self._followed[doctor_id, day]
        followed.streams.discard(stream)
        if not followed.streams:
            del self._followed[doctor_id, day]
            self._forget(followed)

    def _forget(self, followed: FollowedDay) -> None:
        same_day = self._by_day[followed.key]
        same_day.remove(followed)
        if not same_day:
            del self._by_day[followed.key]
