"""What a scrape of the notification worker reads: the ledger and the breakers."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence

import structlog

from db.errors import StateError
from db.postgres.cluster.engines import Engine
from db.postgres.cluster.transaction import read
from db.postgres.notifications import notifications
from db.postgres.notifications.notifications import CountRow
from server.domain.notices import DEAD_OUTCOMES, Channel, Delivery
from server.notifications.delivery import Provider
from server.telemetry import metrics
from server.telemetry.logs import place_of
from server.telemetry.readings import Value

_LOOK_SECONDS = 15.0
_STATUSES = (Delivery.WAITING, Delivery.SENDING, Delivery.DEAD)

_log = structlog.get_logger()


class NoticeMetrics:
    """Reads the ledger periodically, so that a scrape need not."""

    def __init__(self, engine: Engine, providers: Mapping[Channel, Provider]) -> None:
        self._engine = engine
        self._providers = providers
        self._counts: Sequence[CountRow] = ()
        for outcome in DEAD_OUTCOMES:
            metrics.DEAD_LETTERS.labels(outcome.value)  # from 0 on, so that the first rise shows

    async def run(self) -> None:
        """Read the ledger every 15 seconds until cancelled."""
        while True:
            try:
                self._counts = await read(self._engine, notifications.counts)
            except StateError as error:
                _log.warning("the ledger cannot be counted", failure=place_of(error))
            await asyncio.sleep(_LOOK_SECONDS)

    def read(self) -> Iterator[Value]:
        """The values that were last read."""
        rows = {row.status: row for row in self._counts}
        for status in _STATUSES:
            yield "yoyaku_notices", [status], rows[status].number if status in rows else 0
        waiting = rows.get(Delivery.WAITING)
        yield "yoyaku_notice_oldest_waiting_seconds", [], waiting.oldest_seconds if waiting else 0.0
        if dead := rows.get(Delivery.DEAD):
            yield "yoyaku_dead_letter_newest_seconds", [], dead.newest_seconds
        for channel, provider in self._providers.items():
            yield "yoyaku_provider_breaker_open", [channel.value], float(provider.breaker.wait() > 0)
