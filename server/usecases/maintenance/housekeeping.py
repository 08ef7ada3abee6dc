"""Periodic cleanup: deletes what is too old to be returned."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from db.postgres import idempotency
from db.postgres.booking import feed
from db.postgres.cluster.engines import Engine
from db.postgres.cluster.transaction import transact
from db.postgres.directory.patients import FullPatientRow
from db.postgres.identity import accounts, ended_sessions, registrations
from server.domain.ids import Clock
from server.telemetry.logs import place_of
from server.usecases.appointments.holds.ends import Holds
from server.usecases.directory.contact_ends import ContactEnds
from server.usecases.directory.profile_cache import ProfileCache
from server.usecases.idempotency import KEPT

_log = structlog.get_logger()

EVERY = timedelta(minutes=1)
CHANGES_KEPT = timedelta(days=7)
"""How long changes stay in the feeds of clinics."""
KEYS_KEPT = timedelta(hours=1)
"""How long a signing key is still published once the next one signs: longer than its last token is valid."""
SESSIONS_KEPT = timedelta(hours=1)
"""How long it is remembered that a single session was ended: longer than its last access token is valid."""


class Housekeeping:
    """Keeps tables from growing for ever; any number of workers may run it at once."""

    def __init__(self, engine: Engine, clock: Clock, profiles: ProfileCache[FullPatientRow]) -> None:
        self._engine = engine
        self._clock = clock
        self._contacts = ContactEnds(engine, clock, profiles)

    async def run(self) -> None:
        """Clean up every minute until cancelled; a failure is logged, and the step is retried a minute later."""
        while True:
            await asyncio.sleep(EVERY.total_seconds())
            await self.clean_up()

    async def clean_up(self) -> None:
        """Take each step once, all of its batches; one that fails is logged, and keeps no other from being taken."""
        steps: tuple[Callable[[], Awaitable[int | None]], ...] = (
            self.forget_answers,
            self.forget_changes,
            self.forget_keys,
            self.forget_contacts,
            self.forget_ended_sessions,
            self.forget_registrations,
            self.expire_holds,
        )
        for step in steps:
            try:
                while await step():
                    pass
            except Exception as error:
                _log.error("housekeeping failed", failure=place_of(error))

    async def expire_holds(self) -> int:
        """Expire a batch of holds that have run out; returns how many."""
        # Nothing is announced: workers find the changed days in the database within two seconds.
        return await Holds(self._engine, self._clock, lambda _: None).sweep()

    async def forget_answers(self) -> int:
        """Delete a batch of answers that are too old; returns how many."""
        now = self._clock()
        return await transact(self._engine, lambda pg: idempotency.purge(pg, now=now, kept=KEPT))

    async def forget_changes(self) -> int:
        """Delete a batch of each clinic's changes that are too old; returns how many."""
        forgotten = self._clock() - CHANGES_KEPT
        return await transact(self._engine, lambda pg: feed.purge(pg, forgotten))

    async def forget_keys(self) -> None:
        """Delete signing keys whose tokens have all expired."""
        ended = self._clock() - KEYS_KEPT
        await transact(self._engine, lambda pg: accounts.forget_signing_keys(pg, ended))

    async def forget_ended_sessions(self) -> None:
        """Delete single sessions that were ended so long ago that their tokens have expired."""
        before = self._clock() - SESSIONS_KEPT
        await transact(self._engine, lambda pg: ended_sessions.purge(pg, before))

    async def forget_contacts(self) -> None:
        """Delete new addresses and numbers that were not confirmed in time, or while the same people acted."""
        await self._contacts.forget()

    async def forget_registrations(self) -> None:
        """Delete registrations that were not confirmed in time."""
        now = self._clock()
        await transact(self._engine, lambda pg: registrations.forget(pg, now))
