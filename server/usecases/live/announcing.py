"""After a write: its days are rendered anew and told to all workers, beside the call that made it."""

import asyncio
from collections.abc import Coroutine, Sequence

import structlog

from db.postgres.days import DayRow
from server.domain.doctor import DoctorDay
from server.telemetry.logs import place_of
from server.usecases.live.days import Days

_log = structlog.get_logger()

_AT_ONCE = 2
_MOST_WAITING = 10_000


class Announcing:
    """Tells which days changed. Calling it costs next to nothing and never fails; what it drops, workers find."""

    def __init__(self, days: Days) -> None:
        self._days = days
        self._queue: asyncio.Queue[DoctorDay] = asyncio.Queue(_MOST_WAITING)
        self._waiting: set[DoctorDay] = set()

    def __call__(self, changed: Sequence[DayRow]) -> None:
        """Take the days of a write that was committed."""
        for row in changed:
            key = (row.doctor_id, row.date)
            self._days.learn(key, self._days.epoch, row.revision)
            if key not in self._waiting and not self._queue.full():
                self._waiting.add(key)
                self._queue.put_nowait(key)

    def loops(self) -> list[Coroutine[None, None, None]]:
        """What renders and tells until cancelled; changes of one day that come close together are told as one."""
        return [self._work() for _ in range(_AT_ONCE)]

    async def _work(self) -> None:
        while True:
            key = await self._queue.get()
            self._waiting.discard(key)
            try:
                await self._days.renew(key)
            except Exception as error:
                _log.warning("a changed day was not told", failure=place_of(error))
