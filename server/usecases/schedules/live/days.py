"""The days of doctors, in the newest version known: from memory, else from Valkey, else from the database."""

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from db.errors import StateError
from db.postgres.booking.days import OfferRow
from db.postgres.cluster.engines import Engine
from db.postgres.cluster.routing import for_nobody, is_stale
from db.valkey import days as kept
from db.valkey.cache_breaker import CacheBreaker
from db.valkey.days import RenderedDay
from db.valkey.signer import Signer
from server.domain.booking.doctor import DoctorDay
from server.domain.errors import Reason, not_found
from server.domain.ids import Clock
from server.usecases.schedules.live.memory import Memory
from server.usecases.schedules.live.rendering import DayRenderer
from server.usecases.schedules.live.summaries import DaySummarizer, DaySummary
from server.usecases.single_flight import SingleFlight

_MOST_BACKGROUND = 100


@dataclass(slots=True)
class DayReads:
    """How many days were read from each source."""

    memory: int = 0
    valkey: int = 0
    database: int = 0


class Days:
    """Gives days to all readers. A day that Valkey lacks, or has in an older version, is rendered from the database."""

    def __init__(
        self, engine: Engine, renderer: DayRenderer, breaker: CacheBreaker, signer: Signer, clock: Clock
    ) -> None:
        self._renderer = renderer
        self._summarizer = DaySummarizer(engine, clock)
        self._breaker = breaker
        self._signer = signer
        self._clock = clock
        self._memory = Memory(clock)
        self._flights: SingleFlight[tuple[DoctorDay, int], RenderedDay] = SingleFlight(engine)
        self._background: set[asyncio.Task[None]] = set()
        self.name = secrets.token_bytes(kept.SENDER_BYTES)
        """Under which this worker announces days to the others."""
        self.counts = DayReads()
        self.on_new: Callable[[RenderedDay], None] = lambda _: None
        """Called with every day that is newer than the version known before."""

    @property
    def epoch(self) -> int:
        """The highest epoch seen; 0 before any."""
        return self._memory.epoch

    def at_hand(self, key: DoctorDay, min_revision: int) -> RenderedDay | None:
        """What `get` would return, if that is in memory."""
        day = self._memory.get(key)
        if day is None or day.revision < min_revision:
            return None
        self.counts.memory += 1
        return day

    async def get(self, key: DoctorDay, min_revision: int = 0) -> RenderedDay:
        """A day that is not known to be outdated; from the database if the cached versions are below `min_revision`.

        Raises DOCTOR_NOT_FOUND and the errors of a database read. The revision may still be below `min_revision`, if
        the database has none that is higher.
        """
        if day := self.at_hand(key, min_revision):
            return day
        return await self._flights.do((key, min_revision), lambda: self._one(key, min_revision))

    async def get_all(self, keys: Iterable[DoctorDay]) -> list[RenderedDay]:
        """Days as `get` gives them; those not in memory take one request to Valkey and one to the database.

        Read on behalf of no particular caller; unknown doctors are left out.
        """
        with for_nobody():
            return await self._load(keys, 0)

    async def summaries(self, keys: Iterable[DoctorDay]) -> list[DaySummary]:
        """How many slots days have, from memory; for all days that are not in memory, from one statement.

        Unknown doctors are left out. In no particular order.
        """
        found, missing = [], []
        for key in keys:
            if summary := self._memory.summary(key) or self._counted(key):
                found.append(summary)
            else:
                missing.append(key)
        if not missing:
            return found
        counted = await self._summarizer.read(missing)
        if not is_stale():
            for summary in counted:
                self._memory.put_summary(summary)
        return found + counted

    def _counted(self, key: DoctorDay) -> DaySummary | None:
        """The summary of a day that is in memory as bytes."""
        day = self._memory.get(key)
        if day is None:
            return None
        summary = self._renderer.summary(day)
        self._memory.put_summary(summary)
        return summary

    def learn(self, key: DoctorDay, epoch: int, revision: int) -> None:
        """Note that a version of a day was committed: older ones are no longer returned."""
        self._memory.learn(key, epoch, revision)

    def learn_epoch(self, epoch: int) -> None:
        """Note the current epoch: days of earlier ones are no longer returned."""
        self._memory.learn_epoch(epoch)

    def is_old(self, day: RenderedDay) -> bool:
        """Whether a newer version of the day is known to be committed, or `valid_until` has passed."""
        return self._memory.is_old(day)

    def take(self, day: RenderedDay) -> None:
        """Keep a rendered day, unless a newer one is known."""
        if self._memory.put(day):
            self.on_new(day)

    async def renew(self, changed: Mapping[DoctorDay, OfferRow | None]) -> None:
        """Render and announce days that this worker changed, each with its offer, or None if that must be read."""
        # Days with a known offer neither wait for those that must be read, nor fail with them.
        await self._tell(self._renderer.rendered([row for row in changed.values() if row]))
        if unknown := [key for key, row in changed.items() if row is None]:
            await self._tell(await self._renderer.render(unknown))

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
        days = await self._renderer.render(keys)
        if not is_stale():  # a replica's answer while the primary is unreachable goes to the caller only
            self._later(self._put(days))
            for day in days:
                self.take(day)
        return days

    async def _kept(self, keys: Sequence[DoctorDay]) -> list[RenderedDay]:
        if not self.epoch or not keys:
            return []
        try:
            return await self._breaker.run(
                lambda valkey: kept.get(valkey, self._signer, self.epoch, keys, self._clock())
            )
        except StateError:
            return []

    async def _put(self, days: Sequence[RenderedDay]) -> None:
        with suppress(StateError):  # workers find in the database what is not announced
            await self._breaker.run(lambda valkey: kept.put_newer(valkey, self._signer, days, self._clock(), self.name))

    def _later(self, work: Coroutine[None, None, None]) -> None:
        if len(self._background) >= _MOST_BACKGROUND:
            work.close()
            return
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
