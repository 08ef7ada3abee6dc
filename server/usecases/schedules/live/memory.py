"""The days that a worker keeps in its own memory, as bytes, and the newest versions that it knows of."""

from collections import OrderedDict
from datetime import datetime

from db.valkey.days import TTL, RenderedDay
from server.domain.booking.doctor import DoctorDay
from server.domain.ids import Clock
from server.usecases.schedules.live.summaries import DaySummary

_MOST_BYTES = 16 << 20
_OVERHEAD_BYTES = 1_000
_MOST_SUMMARIES = 50_000
"""About 20 MB; two months of a clinic with 150 doctors are 9,300 of them."""

Version = tuple[int, int]
"""(epoch, revision): the higher is newer."""
_UNCHANGED: Version = (0, 0)


class Memory:
    """Days that were recently served or announced; the least recently used ones are evicted."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._days: OrderedDict[DoctorDay, RenderedDay] = OrderedDict()
        self._bytes = 0
        self._summaries: OrderedDict[DoctorDay, DaySummary] = OrderedDict()
        # Known versions of the current five minutes, and older ones of the five before: longer than Valkey may keep an
        # older day.
        self._known: dict[DoctorDay, Version] = {}
        self._known_before: dict[DoctorDay, Version] = {}
        self._turned_at = clock()
        self.epoch = 0
        """The highest epoch seen; 0 before any."""

    def get(self, key: DoctorDay) -> RenderedDay | None:
        """A day that is not known to be outdated."""
        day = self._days.get(key)
        if day is None or day.valid_until <= self._clock():
            return None
        self._days.move_to_end(key)
        return day

    def put(self, day: RenderedDay) -> bool:
        """Keep a day; False if it is known to be outdated, or not newer than the one in memory."""
        key = (day.doctor_id, day.date)
        self.learn(key, day.epoch, day.revision)
        held = self._days.get(key)
        if (held is not None and held.version >= day.version) or self.is_old(day):
            return False
        self._drop(key)
        self._days[key] = day
        self._bytes += _size(day)
        while self._bytes > _MOST_BYTES:
            self._drop(next(iter(self._days)))
        return True

    def summary(self, key: DoctorDay) -> DaySummary | None:
        """The summary of a day that is not known to be outdated."""
        found = self._summaries.get(key)
        if found is None or found.valid_until <= self._clock():
            return None
        self._summaries.move_to_end(key)
        return found

    def put_summary(self, summary: DaySummary) -> None:
        """Keep a summary, unless it is known to be outdated; the least recently used ones are evicted."""
        self.learn_epoch(summary.epoch)
        if not self.is_old(summary):
            self._summaries[summary.doctor_id, summary.date] = summary
            if len(self._summaries) > _MOST_SUMMARIES:
                self._summaries.popitem(last=False)

    def is_old(self, day: RenderedDay | DaySummary) -> bool:
        """Whether a newer version of the day is known to be committed, or `valid_until` has passed."""
        known = self._newest((day.doctor_id, day.date))
        return (day.epoch, day.revision) < known or day.epoch < self.epoch or day.valid_until <= self._clock()

    def _newest(self, key: DoctorDay) -> Version:
        """The newest version of a day that is known to be committed in the last minutes."""
        return self._known.get(key) or self._known_before.get(key, _UNCHANGED)

    def learn(self, key: DoctorDay, epoch: int, revision: int) -> None:
        """Note that a version of a day was committed."""
        self.learn_epoch(epoch)
        if (epoch, revision) <= self._newest(key):
            return
        self._turn()
        self._known[key] = (epoch, revision)
        held = self._days.get(key)
        if held is not None and (held.epoch, held.revision) < (epoch, revision):
            self._drop(key)
        summary = self._summaries.get(key)
        if summary is not None and (summary.epoch, summary.revision) < (epoch, revision):
            del self._summaries[key]

    def learn_epoch(self, epoch: int) -> None:
        """Forget everything of earlier epochs, since their revisions may repeat."""
        if epoch > self.epoch:
            self.epoch = epoch
            self._days.clear()
            self._summaries.clear()
            self._known.clear()
            self._known_before.clear()
            self._bytes = 0

    def _turn(self) -> None:
        now: datetime = self._clock()
        if now - self._turned_at > TTL:
            self._known, self._known_before, self._turned_at = {}, self._known, now

    def _drop(self, key: DoctorDay) -> None:
        if (day := self._days.pop(key, None)) is not None:
            self._bytes -= _size(day)


def _size(day: RenderedDay) -> int:
    return len(day.free) + len(day.whole) + _OVERHEAD_BYTES
