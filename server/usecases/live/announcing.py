"""After a write: its days are rendered anew and told to all workers, beside the call that made it."""

import asyncio
from collections.abc import Sequence
from itertools import islice

import structlog

from db.postgres.days import DayRow
from server.domain.doctor import DoctorDay
from server.telemetry.logs import place_of
from server.usecases.live.days import Days

_log = structlog.get_logger()

_MOST_TOGETHER = 16
_MOST_WAITING = 10_000


class Announcing:
    """Tells which days changed. Calling it costs next to nothing and never fails; what it drops, workers find.

    What changes while others are being told waits, and is then told together, a day that changed twice once: the
    busier a worker is, the less a change costs.
    """

    def __init__(self, days: Days) -> None:
        self._days = days
        self._waiting: dict[DoctorDay, None] = {}
        self._changed = asyncio.Event()

    def __call__(self, changed: Sequence[DayRow]) -> None:
        """Take the days of a write that was committed."""
        for row in changed:
            key = (row.doctor_id, row.date)
            self._days.learn(key, self._days.epoch, row.revision)
            if len(self._waiting) < _MOST_WAITING:
                self._waiting[key] = None
                self._changed.set()

    async def run(self) -> None:
        """Render and tell, until cancelled."""
        while True:
            await self._changed.wait()
            together = list(islice(self._waiting, _MOST_TOGETHER))
            for key in together:
                del self._waiting[key]
            if not self._waiting:
                self._changed.clear()
            try:
                await self._days.renew(together)
            except Exception as error:
                _log.warning("changed days were not told", failure=place_of(error))
