"""Profiles of doctors and patients, which rarely change: read from the cache, which writers keep up to date.

A writer removes a profile from the cache before COMMIT and puts the new one after it. A profile that was read from the
primary is cached only if no newer version and no running change is there, so an old one never returns. A worker that
could not reach the cache distrusts everything in it: the cache may have missed a change, by this worker or another.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Generic, Protocol, TypeVar

from pydantic import TypeAdapter

from db.errors import StateError
from db.postgres.cluster.engines import Engine
from db.postgres.cluster.routing import is_stale, names_mark
from db.valkey import profiles as kept
from db.valkey.cache_breaker import CacheBreaker
from db.valkey.client import Valkey
from db.valkey.profiles import KeptProfiles
from db.valkey.signer import Signer
from server.domain.ids import Clock
from server.usecases.single_flight import SingleFlight

DOCTOR_LIFE = timedelta(hours=1)
PATIENT_LIFE = timedelta(minutes=15)
_PAUSE_SECONDS = 0.5


class Profile(Protocol):
    """A row that is identified by its id and version."""

    @property
    def id(self) -> str:
        """UUID."""

    @property
    def version(self) -> int:
        """Rises with every change."""


P = TypeVar("P", bound=Profile)
P_contra = TypeVar("P_contra", bound=Profile, contravariant=True)
T = TypeVar("T")


class Replace(Protocol[P_contra]):
    """Removes the profile that a row will replace from the cache, and others that change with it."""

    async def __call__(self, row: P_contra, others: Sequence[str] = ()) -> None:
        """Called before COMMIT."""


@dataclass(slots=True)
class ProfileReads:
    """How many profiles were read from each source."""

    valkey: int = 0
    database: int = 0


class ProfileCache(Generic[P]):
    """The profiles of one kind."""

    def __init__(
        self,
        engine: Engine,
        breaker: CacheBreaker,
        signer: Signer,
        clock: Clock,
        epoch: Callable[[], int],
        noun: str,
        kind: type[P],
        life: timedelta,
    ) -> None:
        self.counts = ProfileReads()
        self._breaker = breaker
        self._epoch = epoch
        self._noun = noun
        self._life = life
        self._rows = TypeAdapter(kind)
        # The full schema, since rows are cached without the names of their fields.
        shape = json.dumps(self._rows.json_schema(), sort_keys=True)
        self._kept = KeptProfiles(signer, hashlib.sha256(shape.encode()).hexdigest(), clock)
        self._flights: SingleFlight[str, P | None] = SingleFlight(engine)
        self._is_distrusted = False
        self._reconciling: asyncio.Task[None] | None = None

    async def get(self, profile_id: str, load: Callable[[], Awaitable[P | None]]) -> P | None:
        """A profile; `load` reads it from the primary, once for all callers that ask at the same time.

        A caller that sends a read mark always gets it from the database: its write may have happened on a worker that
        could not reach the cache.
        """
        if names_mark():
            self.counts.database += 1
            return await load()
        return await self._flights.do(profile_id, lambda: self._find(profile_id, load))

    @asynccontextmanager
    async def change(self) -> AsyncIterator[Replace[P]]:
        """The context of a write that changes a profile; leave it after COMMIT, before the caller gets an answer.

        Before COMMIT the write calls the yielded function, again in each attempt. If the write fails, the removed
        profiles are not cached for some seconds.
        """
        new: list[P] = []

        async def replace(row: P, others: Sequence[str] = ()) -> None:
            for profile_id in (row.id, *others):
                await self._write(partial(kept.changing, key=self._key(profile_id)))
            new[:] = [row]

        yield replace
        for row in new:
            await self._write(self._putting(row, generation=None))

    async def forget_all(self) -> None:
        """Have profiles of every kind read from the database again, after a write that changed many of them."""
        await self._write(kept.raise_generation)

    async def _find(self, profile_id: str, load: Callable[[], Awaitable[P | None]]) -> P | None:
        generation, found = None, None
        # While the epoch is not known, nothing in the cache can be trusted.
        with suppress(StateError):
            if self._epoch():
                generation, found = await self._run(lambda valkey: self._kept.get(valkey, self._key(profile_id)))
        if found is not None:
            self.counts.valkey += 1
            return self._rows.validate_json(found)
        self.counts.database += 1
        row = await load()
        if row is not None and generation is not None and not is_stale():
            with suppress(StateError):
                await self._run(self._putting(row, generation))
        return row

    def _putting(self, row: P, generation: int | None) -> Callable[[Valkey], Awaitable[None]]:
        key, profile = self._key(row.id), self._rows.dump_json(row)
        return lambda valkey: self._kept.put_newer(valkey, key, profile, row.version, self._life, generation)

    async def _run(self, call: Callable[[Valkey], Awaitable[T]]) -> T:
        try:
            if self._is_distrusted:
                await self._breaker.run(kept.raise_generation)
                self._is_distrusted = False
            return await self._breaker.run(call)
        except StateError:
            self._is_distrusted = True
            raise

    async def _write(self, call: Callable[[Valkey], Awaitable[None]]) -> None:
        try:
            await self._run(call if self._epoch() else kept.raise_generation)
        except StateError:
            if self._reconciling is None or self._reconciling.done():
                self._reconciling = asyncio.create_task(self._reconcile())

    async def _reconcile(self) -> None:
        """Invalidate the whole cache for all workers, since this one could not remove what it changed."""
        while self._is_distrusted:
            await asyncio.sleep(_PAUSE_SECONDS)
            with suppress(StateError):
                await self._run(kept.raise_generation)

    async def aclose(self) -> None:
        """Stop retrying."""
        if self._reconciling is not None:
            self._reconciling.cancel()

    def _key(self, profile_id: str) -> str:
        # Versions may repeat in another epoch.
        return f"{self._noun}:{profile_id}:epoch:{self._epoch()}"
