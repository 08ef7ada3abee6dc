"""After a write, renders the days that it changed and announces them to all workers, in the background of the call."""

import asyncio
import time
from itertools import islice

import structlog

from db.postgres.booking.days import OfferRow
from server.domain.booking.doctor import DoctorDay
from server.telemetry import metrics, traces
from server.telemetry.logs import place_of
from server.usecases.schedules.live.days import Days
from server.usecases.unit_of_work import Changes

_log = structlog.get_logger()

_MOST_TOGETHER = 16
_PAUSE_SECONDS = 0.02
_MOST_WAITING = 10_000
_FEW_DAYS = 60
"""A write of one appointment changes fewer days; new hours or time off may change thousands."""

_Waiting = dict[DoctorDay, OfferRow | None]
"""Changed days, each with its offer; None if the offer must be read."""


class DayAnnouncer:
    """Announces changed days. Calling it is cheap and never fails; workers find by themselves whatever it drops.

    A single change is announced at once. Changes that arrive while others are being announced are collected and go out
    together, each day once even if it changed twice: the busier a worker is, the less each change costs it and all
    listeners. Bookings do not wait behind a write that changed very many days.
    """

    def __init__(self, days: Days) -> None:
        self._days = days
        self._first: _Waiting = {}
        self._last: _Waiting = {}
        """Days from writes that changed very many: announced after all others."""
        self._changed = asyncio.Event()
        self._since = 0.0
        """When the oldest waiting change was committed."""
        self._traceparent: str | None = None
        """The trace of the first sampled write among those that wait."""

    def __call__(self, changes: Changes) -> None:
        """Queue what a committed write changed."""
        self._traceparent = self._traceparent or traces.traceparent()
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
        """Render and announce until cancelled."""
        while True:
            await self._changed.wait()
            together = _taken(self._first, _MOST_TOGETHER)
            together |= _taken(self._last, _MOST_TOGETHER - len(together))
            if not self._first and not self._last:
                self._changed.clear()
            since, self._since = self._since, time.monotonic()
            traceparent, self._traceparent = self._traceparent, None
            try:
                with traces.continued("announce days", traceparent):
                    await self._days.renew(together)
                metrics.ANNOUNCE_SECONDS.observe(time.monotonic() - since)
            except Exception as error:
                _log.warning("changed days could not be announced", failure=place_of(error))
            if self._changed.is_set() or len(together) > 1:
                await asyncio.sleep(_PAUSE_SECONDS)


def _taken(waiting: _Waiting, most: int) -> _Waiting:
    return {key: waiting.pop(key) for key in list(islice(waiting, most))}


def _newer(one: OfferRow | None, other: OfferRow | None) -> OfferRow | None:
    """The newer offer after two changes of a day, in any order; None unless both are known."""
    return max(one, other, key=lambda row: (row.epoch, row.revision)) if one and other else None
