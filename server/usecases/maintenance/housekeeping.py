"""What is done now and then beside the calls: forgetting what is too old to be given (again)."""

import asyncio
from datetime import timedelta

import structlog

from db.postgres import accounts, contact_changes, feed, idempotency
from db.postgres.cluster.engines import Engine
from db.postgres.cluster.transaction import transact
from server.domain.ids import Clock
from server.telemetry.logs import place_of
from server.usecases.idempotency import KEPT

_log = structlog.get_logger()

EVERY = timedelta(minutes=1)
CHANGES_KEPT = timedelta(days=7)
"""How long the feeds of clinics go back."""
KEYS_KEPT = timedelta(hours=1)
"""How long a signing key is published once the next one signs: longer than its last token lives."""


class Housekeeping:
    """Keeps tables from growing for ever; any number of workers may do it at once."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def run(self) -> None:
        """Tidy up every minute until cancelled; what fails is logged, and tried again a minute later."""
        while True:
            await asyncio.sleep(EVERY.total_seconds())
            try:
                while await self.forget_answers() == idempotency.PURGED_TOGETHER:
                    pass
                while await self.forget_changes():
                    pass
                await self.forget_keys()
                await self.forget_contacts()
            except Exception as error:
                _log.error("housekeeping failed", failure=place_of(error))

    async def forget_answers(self) -> int:
        """Forget a batch of answers that are too old; how many there were."""
        now = self._clock()
        return await transact(self._engine, lambda pg: idempotency.purge(pg, now=now, kept=KEPT))

    async def forget_changes(self) -> int:
        """Forget a batch of each clinic's changes that are too old; how many there were."""
        forgotten = self._clock() - CHANGES_KEPT
        return await transact(self._engine, lambda pg: feed.purge(pg, forgotten))

    async def forget_keys(self) -> None:
        """Forget signing keys of which no token is left."""
        ended = self._clock() - KEYS_KEPT
        await transact(self._engine, lambda pg: accounts.forget_signing_keys(pg, ended))

    async def forget_contacts(self) -> None:
        """Forget new addresses and numbers that nobody confirmed in time."""
        now = self._clock()
        await transact(self._engine, lambda pg: contact_changes.forget(pg, now))
