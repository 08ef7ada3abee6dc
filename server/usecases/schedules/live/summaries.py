"""How many slots the days of doctors have, counted without rendering them."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from db.postgres.booking import spans
from db.postgres.booking.spans import SpanRow
from db.postgres.cluster.engines import Engine
from db.postgres.cluster.routing import Freshness
from db.valkey.days import NO_EXPIRY
from server.domain.booking.availability import day_of
from server.domain.booking.doctor import DoctorDay
from server.domain.booking.seating import Busy
from server.domain.ids import Clock
from server.usecases.schedules.doctor_mapping import busy_of, doctor_of
from server.usecases.unit_of_work import read


class DaySummary(NamedTuple):
    """How many slots a doctor's day has at a revision, and how many of them are free."""

    doctor_id: str
    date: date
    clinic_id: str
    epoch: int
    revision: int
    valid_until: datetime
    free: int
    total: int


class DaySummarizer:
    """Counts slots of days from the database."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def read(self, keys: Iterable[DoctorDay]) -> list[DaySummary]:
        """Days as they are now, from a single statement; unknown doctors are left out (DATABASE_UNAVAILABLE)."""
        dates: dict[str, list[date]] = defaultdict(list)
        for doctor_id, day in keys:
            dates[doctor_id].append(day)
        wanted = [(doctor_id, min(of_doctor), max(of_doctor)) for doctor_id, of_doctor in dates.items()]
        rows = await read(self._engine, lambda pg: spans.offers(pg, wanted), Freshness.PRIMARY_FIRST)
        found: list[DaySummary] = []
        for row in rows:
            # Counting two months takes milliseconds for each doctor: other calls go on in between.
            await asyncio.sleep(0)
            found += _summaries(row, dates[row.offer.doctor_id], self._clock())
        return found


def _summaries(row: SpanRow, dates: Sequence[date], now: datetime) -> Iterable[DaySummary]:
    offer, doctor = row.offer, doctor_of(row.offer)
    by_start = _by_start(busy_of(offer.busy))
    for day in dates:
        seen = day_of(doctor, day, _around(by_start, day), now)
        yield DaySummary(
            doctor_id=offer.doctor_id,
            date=day,
            clinic_id=offer.clinic_id,
            epoch=offer.epoch,
            revision=row.revisions.get(day, 0),
            valid_until=seen.valid_until or NO_EXPIRY,
            free=len(seen.slots),
            total=len(seen.all),
        )


def _by_start(busy: Iterable[Busy]) -> Mapping[date, Sequence[Busy]]:
    """What is busy, by the UTC date on which it starts."""
    found: dict[date, list[Busy]] = defaultdict(list)
    for each in busy:
        found[each.start_at.date()].append(each)
    return found


def _around(by_start: Mapping[date, Sequence[Busy]], day: date) -> list[Busy]:
    """What may be busy on a day in any zone, the night after it included."""
    near = (day + timedelta(days=offset) for offset in range(-2, 3))
    return [each for start in near for each in by_start.get(start, ())]
