"""The earliest free slots over many doctors."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from db.postgres.booking import appointment_types, days
from db.postgres.booking.appointment_types import UsedTypeRow
from db.postgres.booking.days import OfferRow
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.routing import Freshness
from server.domain.booking.appointment_types import AppointmentType, check_type
from server.domain.booking.availability import day_of
from server.domain.booking.slots import Slot
from server.domain.errors import invalid
from server.domain.identity import Caller, token_missing
from server.domain.ids import Clock
from server.domain.rights import Action, Owner, require
from server.usecases.reach import Reach, reach
from server.usecases.schedules.appointment_types import type_of
from server.usecases.schedules.doctor_mapping import busy_of, doctor_of
from server.usecases.schedules.specialties import check_specialty
from server.usecases.unit_of_work import read

LONGEST = timedelta(days=92)
LONGEST_OF_VISITOR = timedelta(days=31)
"""Without a token: what takes three statements at most."""
_FIRST_SPAN = timedelta(days=2)
"""From the first to the last day that the first statement reads: three days."""
_GROWTH = 4
"""How much longer the span of each statement is than that of the one before it: 3, 9, 33 and 129 days are read."""
_EASTERNMOST = timedelta(hours=14)
"""UTC+14, the offset of the zones in which a day begins first."""


@dataclass(frozen=True, slots=True)
class SlotSearch:
    """Whose slots (a clinic's, a specialty's, or both; one may be empty), on which days, and how many at most."""

    clinic_id: str
    specialty: str
    first: date
    last: date
    limit: int
    type_id: str = ""
    """Empty for slots of the working hours."""


@dataclass(frozen=True, slots=True)
class FoundSlot:
    """A free slot and who offers it."""

    offer: OfferRow
    slot: Slot


class SlotFinder:
    """Searches free slots."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def earliest(self, caller: Caller, search: SlotSearch) -> Sequence[FoundSlot]:
        """The earliest free slots, by start and doctor (SPECIALTY_NOT_FOUND, and errors of the type).

        The first statement reads three days, and each further one about four times as many as the one before it: a
        search takes at most four statements, and only one if there are free slots soon. A type is read before each.
        """
        reached = reach(caller, Action.SEE_SLOTS)
        if search.clinic_id:
            require(caller, Action.SEE_SLOTS, Owner(clinic_id=search.clinic_id))
        if not search.first <= search.last <= search.first + LONGEST:
            raise invalid("to_date", f"must be from_date or up to {LONGEST.days} days after it")
        if caller.is_visitor and search.last > search.first + LONGEST_OF_VISITOR:
            raise token_missing()
        now = self._clock()
        found: list[FoundSlot] = []
        for first, last in _spans(search.first, search.last):
            of_type = await self._type(search, first, last)
            if of_type:
                search = replace(search, clinic_id=of_type.clinic_id)
            rows = await self._offers(search, reached, first, last)
            found += await free_slots(rows, of_type, first, last, now)
            found.sort(key=lambda each: (each.slot.start_at, each.slot.date, each.offer.doctor_id))
            if len(found) >= search.limit and found[search.limit - 1].slot.start_at < _settled_before(last):
                break
        if not found and search.specialty:
            await check_specialty(self._engine, search.specialty, reached)
        return found[: search.limit]

    async def _type(self, search: SlotSearch, first: date, last: date) -> AppointmentType | None:
        if not search.type_id:
            return None

        async def work(pg: Connection) -> UsedTypeRow | None:
            return await (await appointment_types.get(pg, search.type_id, days.around(first, last))).fetchone()

        found = type_of(await read(self._engine, work, Freshness.OWN_WRITES))
        return check_type(found, search.type_id, search.clinic_id or (found.clinic_id if found else ""))

    async def _offers(self, search: SlotSearch, reached: Reach, first: date, last: date) -> list[OfferRow]:
        async def work(pg: Connection) -> list[OfferRow]:
            return await days.offers_of_group(pg, search.clinic_id, search.specialty, first, last)

        rows = await read(self._engine, work, Freshness.OWN_WRITES)
        return [each for each in rows if reached.everything or each.clinic_id in reached.clinic_ids]


async def free_slots(
    rows: Iterable[OfferRow], of_type: AppointmentType | None, first: date, last: date, now: datetime
) -> list[FoundSlot]:
    """The free slots of doctors on some days; other tasks run between two doctors."""
    found: list[FoundSlot] = []
    for row in rows:
        # A month takes milliseconds for each doctor: other calls go on in between.
        await asyncio.sleep(0)
        found += [FoundSlot(row, slot) for slot in _slots(row, of_type, first, last, now)]
    return found


def _slots(row: OfferRow, of_type: AppointmentType | None, first: date, last: date, now: datetime) -> Iterator[Slot]:
    doctor, busy = doctor_of(row), busy_of(row.busy)
    for offset in range((last - first).days + 1):
        yield from day_of(doctor, first + timedelta(days=offset), busy, now, of_type).slots


def _spans(first: date, last: date) -> Iterator[tuple[date, date]]:
    length = _FIRST_SPAN
    while first <= last:
        end = min(first + length, last)
        yield first, end
        first, length = end + timedelta(days=1), length * _GROWTH


def _settled_before(last: date) -> datetime:
    """The instant before which no slot of a later day than `last` starts, in any zone."""
    return datetime.combine(last + timedelta(days=1), time(), UTC) - _EASTERNMOST
