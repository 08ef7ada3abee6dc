"""After a write: its days are rendered anew and told to all workers, beside the call that made it."""

import asyncio
import time
from itertools import islice

import structlog

from db.postgres.days import OfferRow
from server.domain.doctor import DoctorDay
from server.telemetry import metrics
from server.telemetry.logs import place_of
from server.usecases.schedules.live.days import Days
from server.usecases.unit_of_work import Changes

_log = structlog.get_logger()

_MOST_TOGETHER = 16
_PAUSE_SECONDS = 0.02
_MOST_WAITING = 10_000
_FEW_DAYS = 60
"""A write of one appointment changes fewer, a series of them too; new hours and time off may change thousands."""

_Waiting = dict[DoctorDay, OfferRow | None]
"""What days offer, if that is known; otherwise it has to be read."""


class Announcing:
    """Tells which days changed. Calling it costs next to nothing and never fails; what it drops, workers find.

    A change that comes alone is told at once. Where several come while others are told, those of the next moment wait
    and are told together, a day that changed twice once: the busier a worker is, the less each costs it and all who
    listen. Bookings do not wait behind a write that changed very many days.
    """

    def __init__(self, days: Days) -> None:
        self._days = days
        self._first: _Waiting = {}
        self._last: _Waiting = {}
        """Of writes that changed very many days."""
        self._changed = asyncio.Event()
        self._since = 0.0
        """When the first of those that wait was committed."""

    def __call__(self, changes: Changes) -> None:
        """Take what a write changed that was committed."""
        known = {(row.doctor_id, row.date): row for row in changes.offers}
        few = len(changes.days) <= _FEW_DAYS
        for row in changes.days:
            key = (row.doctor_id, row.date)
            self._days.learn(key, self._days.epoch, row.revision)
            self._wait(key, known.get(key), few=few)

    def _wait(self, key: DoctorDay, offer: OfferRow | None, *, few: bool) -> None:
        if key in self._first:
            self._first[key] = _newer(self._first[key], offer)
            return
        if key in self._last:
            offer = _newer(self._last[key], offer)
        waiting = self._first if few else self._last
        if key in waiting or len(waiting) < _MOST_WAITING:
            waiting[key] = offer
            if not self._changed.is_set():
                self._since = time.monotonic()
            self._changed.set()
            if few:
                self._last.pop(key, None)

    async def run(self) -> None:
        """Render and tell until cancelled."""
        while True:
            await self._changed.wait()
            together = _taken(self._first, _MOST_TOGETHER)
            together |= _taken(self._last, _MOST_TOGETHER - len(together))
            if not self._first and not self._last:
                self._changed.clear()
            since, self._since = self._since, time.monotonic()
            try:
                await self._days.renew(together)
                metrics.ANNOUNCE_SECONDS.observe(time.monotonic() - since)
            except Exception as error:
                _log.warning("changed days could not be announced", failure=place_of(error))
            if self._changed.is_set() or len(together) > 1:
                await asyncio.sleep(_PAUSE_SECONDS)


def _taken(waiting: _Waiting, most: int) -> _Waiting:
    return {key: waiting.pop(key) for key in list(islice(waiting, most))}


def _newer(one: OfferRow | None, other: OfferRow | None) -> OfferRow | None:
    """What is known after two changes of a day, whichever came first: both must have told."""
    return max(one, other, key=lambda row: (row.epoch, row.revision)) if one and other else None
