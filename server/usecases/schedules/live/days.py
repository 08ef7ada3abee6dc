"""The days of doctors, as new as they are known to be: from memory, else from Valkey, else from the database."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from db.errors import StateError
from db.postgres.cluster.routing import is_stale
from db.postgres.days import OfferRow
from db.valkey import days as kept
from db.valkey.days import RenderedDay
from db.valkey.gate import Gate
from server.domain.doctor import DoctorDay
from server.domain.errors import Reason, not_found
from server.domain.ids import Clock
from server.usecases.schedules.live.memory import Memory
from server.usecases.schedules.live.rendering import Rendering

_MOST_BACKGROUND = 100


@dataclass(slots=True)
class DayReads:
    """How often a day that was asked for came from where."""

    memory: int = 0
    valkey: int = 0
    database: int = 0


@dataclass(slots=True)
class _Flight:
    """A load under way, and how many wait for it."""

    key: DoctorDay
    task: asyncio.Task[RenderedDay]
    waiting: int = 0


class Days:
    """Gives days to all who read them. What Valkey lacks, or is known to have of before a change, is rendered anew."""

    def __init__(self, rendering: Rendering, gate: Gate, clock: Clock) -> None:
        self._rendering = rendering
        self._gate = gate
        self._clock = clock
        self._memory = Memory(clock)
        self._flights: dict[DoctorDay, _Flight] = {}
        self._background: set[asyncio.Task[None]] = set()
        self.counts = DayReads()
        self.on_new: Callable[[RenderedDay], None] = lambda _: None
        """Called with every day that is newer than what was known of it."""

    @property
    def epoch(self) -> int:
        """The highest seen; 0 before any."""
        return self._memory.epoch

    def at_hand(self, key: DoctorDay, min_revision: int) -> RenderedDay | None:
        """What `get` would give, if it need not wait for it."""
        day = self._memory.get(key)
        if day is None or day.revision < min_revision:
            return None
        self.counts.memory += 1
        return day

    async def get(self, key: DoctorDay, min_revision: int = 0) -> RenderedDay:
        """A day that is not known to be out of date, from the database if it must be newer than what is kept.

        Raises DOCTOR_NOT_FOUND and what a read of the database can fail with. Its revision may still be below
        `min_revision`: then that is what the database has.
        """
        if day := self.at_hand(key, min_revision):
            return day
        while True:
            flight = self._flights.get(key)
            joined = flight is not None
            if flight is None:
                flight = self._start(key, min_revision)
            day = await self._ride(flight)
            if not joined or (day.revision >= min_revision and not self._memory.is_old(day)):
                return day

    async def _ride(self, flight: _Flight) -> RenderedDay:
        flight.waiting += 1
        try:
            # Who gives up waiting leaves the load to the others; the last one ends it.
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                flight.task.cancel()
                del self._flights[flight.key]  # nobody shall join what is being cancelled

    def learn(self, key: DoctorDay, epoch: int, revision: int) -> None:
        """Take note that a version of a day was committed: what is older is not given any more."""
        self._memory.learn(key, epoch, revision)

    def learn_epoch(self, epoch: int) -> None:
        """Take note of the epoch: what is of an earlier one is not given any more."""
        self._memory.learn_epoch(epoch)

    def is_old(self, day: RenderedDay) -> bool:
        """Whether a newer version of the day is known to have been committed, or its time is over."""
        return self._memory.is_old(day)

    def take(self, day: RenderedDay) -> None:
        """Keep a day that somebody rendered, unless a newer one is known."""
        if self._memory.put(day):
            self.on_new(day)

    async def renew(self, changed: Mapping[DoctorDay, OfferRow | None]) -> None:
        """Render days that this worker changed, by what they offer or None if it has to be read; give them to all."""
        days = self._rendering.rendered([row for row in changed.values() if row])
        if unknown := [key for key, row in changed.items() if row is None]:
            days += await self._rendering.render(unknown)
        for day in days:
            self.take(day)
        await self._put(days)

    def _start(self, key: DoctorDay, min_revision: int) -> _Flight:
        flight = _Flight(key, asyncio.create_task(self._load(key, min_revision)))
        self._flights[key] = flight
        flight.task.add_done_callback(lambda _: self._land(flight))
        return flight

    def _land(self, flight: _Flight) -> None:
        if self._flights.get(flight.key) is flight:
            del self._flights[flight.key]
        if not flight.task.cancelled():
            flight.task.exception()  # seen, even if nobody waits any more

    async def _load(self, key: DoctorDay, min_revision: int) -> RenderedDay:
        day = await self._kept(key)
        if day is not None and day.revision >= min_revision and not self._memory.is_old(day):
            self.counts.valkey += 1
        else:
            self.counts.database += 1
            found = await self._rendering.render([key])
            if not found:
                raise not_found(Reason.DOCTOR_NOT_FOUND, "doctor", key[0])
            [day] = found
            if is_stale():  # said by a replica while the primary is away: told to who asked, and kept by nobody
                return day
            self._later(self._put([day]))
        self.take(day)
        return day

    async def _kept(self, key: DoctorDay) -> RenderedDay | None:
        if not self.epoch:
            return None
        try:
            return await self._gate.run(lambda valkey: kept.get(valkey, self.epoch, *key))
        except StateError:
            return None

    async def _put(self, days: Sequence[RenderedDay]) -> None:
        with suppress(StateError):  # workers look at the database for what they are not told
            await self._gate.run(lambda valkey: kept.put_newer(valkey, days, self._clock()))

    def _later(self, work: Coroutine[None, None, None]) -> None:
        if len(self._background) >= _MOST_BACKGROUND:
            work.close()
            return
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
