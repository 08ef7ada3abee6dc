"""After a write: its days are rendered anew and told to all workers, beside the call that made it."""

import asyncio
from collections.abc import Sequence
from itertools import islice

import structlog

from db.postgres.days import DayRow, OfferRow
from server.domain.doctor import DoctorDay
from server.telemetry.logs import place_of
from server.usecases.schedules.live.days import Days

_log = structlog.get_logger()

_MOST_TOGETHER = 16
_PAUSE_SECONDS = 0.02
_MOST_WAITING = 10_000


class Announcing:
    """Tells which days changed. Calling it costs next to nothing and never fails; what it drops, workers find.

    A change that comes alone is told at once. Where several come while others are told, those of the next moment wait
    and are told together, a day that changed twice once: the busier a worker is, the less each costs it and all who
    listen.
    """

    def __init__(self, days: Days) -> None:
        self._days = days
        self._waiting: dict[DoctorDay, OfferRow | None] = {}
        """What days offer, if that is known; otherwise it has to be read."""
        self._changed = asyncio.Event()

    def __call__(self, changed: Sequence[DayRow], offers: Sequence[OfferRow]) -> None:
        """Take the days of a write that was committed, and what some of them offer since."""
        known = {(row.doctor_id, row.date): row for row in offers}
        for row in changed:
            key = (row.doctor_id, row.date)
            self._days.learn(key, self._days.epoch, row.revision)
            if key in self._waiting:
                self._waiting[key] = _newer(self._waiting[key], known.get(key))
            elif len(self._waiting) < _MOST_WAITING:
                self._waiting[key] = known.get(key)
                self._changed.set()

    async def run(self) -> None:
        """Render and tell until cancelled."""
        while True:
            await self._changed.wait()
            together = {key: self._waiting.pop(key) for key in list(islice(self._waiting, _MOST_TOGETHER))}
            if not self._waiting:
                self._changed.clear()
            try:
                await self._days.renew(together)
            except Exception as error:
                _log.warning("changed days could not be announced", failure=place_of(error))
            if self._waiting or len(together) > 1:
                await asyncio.sleep(_PAUSE_SECONDS)


def _newer(one: OfferRow | None, other: OfferRow | None) -> OfferRow | None:
    """What is known after two changes of a day, whichever came first: both must have told."""
    return max(one, other, key=lambda row: row.revision) if one and other else None
