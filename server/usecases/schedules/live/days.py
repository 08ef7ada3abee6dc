"""The days of doctors, as new as they are known to be: from memory, else from Valkey, else from the database."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from db.errors import StateError
from db.postgres.cluster.engines import Engine
from db.postgres.cluster.routing import for_nobody, is_stale
from db.postgres.days import OfferRow
from db.valkey import days as kept
from db.valkey.cache_breaker import CacheBreaker
from db.valkey.days import RenderedDay
from db.valkey.signer import Signer
from server.domain.doctor import DoctorDay
from server.domain.errors import Reason, not_found
from server.domain.ids import Clock
from server.usecases.schedules.live.memory import Memory
from server.usecases.schedules.live.rendering import Rendering
from server.usecases.single_flight import SingleFlight

_MOST_BACKGROUND = 100


@dataclass(slots=True)
class DayReads:
    """How often a day that was asked for came from where."""

    memory: int = 0
    valkey: int = 0
    database: int = 0


class Days:
    """Gives days to all who read them. What Valkey lacks, or is known to have of before a change, is rendered anew."""

    def __init__(
        self, engine: Engine, rendering: Rendering, breaker: CacheBreaker, signer: Signer, clock: Clock
    ) -> None:
        self._rendering = rendering
        self._breaker = breaker
        self._signer = signer
        self._clock = clock
        self._memory = Memory(clock)
        self._flights: SingleFlight[tuple[DoctorDay, int], RenderedDay] = SingleFlight(engine)
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
        return await self._flights.do((key, min_revision), lambda: self._one(key, min_revision))

    async def get_all(self, keys: Iterable[DoctorDay]) -> list[RenderedDay]:
        """Days as `get` gives them, all that are not at hand by one question to Valkey and one to the database.

        Read for nobody in particular; unknown doctors are left out.
        """
        with for_nobody():
            return await self._load(keys, 0)

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
        # What is known does not wait for what has to be read, nor fail with it.
        await self._tell(self._rendering.rendered([row for row in changed.values() if row]))
        if unknown := [key for key, row in changed.items() if row is None]:
            await self._tell(await self._rendering.render(unknown))

    async def _tell(self, days: Sequence[RenderedDay]) -> None:
        for day in days:
            self.take(day)
        await self._put(days)

    async def _one(self, key: DoctorDay, min_revision: int) -> RenderedDay:
        found = await self._load([key], min_revision)
        if not found:
            raise not_found(Reason.DOCTOR_NOT_FOUND, "doctor", key[0])
        return found[0]

    async def _load(self, keys: Iterable[DoctorDay], min_revision: int) -> list[RenderedDay]:
        found, missing = [], []
        for key in keys:
            day = self.at_hand(key, min_revision)
            if day is None:
                missing.append(key)
            else:
                found.append(day)
        for day in await self._kept(missing):
            if day.revision >= min_revision and not self._memory.is_old(day):
                self.counts.valkey += 1
                missing.remove((day.doctor_id, day.date))
                self.take(day)
                found.append(day)
        return found + await self._read(missing)

    async def _read(self, keys: Sequence[DoctorDay]) -> list[RenderedDay]:
        if not keys:
            return []
        self.counts.database += len(keys)
        days = await self._rendering.render(keys)
        if not is_stale():  # what a replica says while the primary is away is told to who asked, and kept by nobody
            self._later(self._put(days))
            for day in days:
                self.take(day)
        return days

    async def _kept(self, keys: Sequence[DoctorDay]) -> list[RenderedDay]:
        if not self.epoch or not keys:
            return []
        try:
            return await self._breaker.run(lambda valkey: kept.get(valkey, self._signer, self.epoch, keys))
        except StateError:
            return []

    async def _put(self, days: Sequence[RenderedDay]) -> None:
        with suppress(StateError):  # workers look at the database for what they are not told
            await self._breaker.run(lambda valkey: kept.put_newer(valkey, self._signer, days, self._clock()))

    def _later(self, work: Coroutine[None, None, None]) -> None:
        if len(self._background) >= _MOST_BACKGROUND:
            work.close()
            return
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
