"""How many slots are free on each day of a month or two."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product
from typing import NamedTuple

from db.postgres.cluster.engines import Engine
from db.postgres.cluster.routing import Freshness
from db.postgres.directory import doctors
from server.domain.errors import Reason, invalid, not_found
from server.domain.identity import Caller, token_missing
from server.domain.rights import Action, Owner, require
from server.usecases.reach import reach
from server.usecases.schedules.live.days import Days
from server.usecases.schedules.specialties import check_specialty
from server.usecases.unit_of_work import read

MOST_DAYS = 62


@dataclass(frozen=True, slots=True)
class DaysWanted:
    """Whose days to count (a doctor's, or those of a clinic's doctors, of all specialties or one), and which."""

    doctor_id: str
    clinic_id: str
    specialty: str
    first: date
    last: date


class DayCount(NamedTuple):
    """How many slots a day has, and how many of them are free."""

    date: date
    free: int
    total: int


class AvailableDays:
    """Counts the slots of days."""

    def __init__(self, days: Days, engine: Engine) -> None:
        self._days = days
        self._engine = engine

    async def list(self, caller: Caller, wanted: DaysWanted) -> Sequence[DayCount]:
        """Every day from the first to the last.

        Costs no statement for the days that are in memory, and one for all others together; the doctors of a clinic are
        read first, in one more. Raises DOCTOR_NOT_FOUND, CLINIC_NOT_FOUND, SPECIALTY_NOT_FOUND and NOT_ALLOWED, and
        TOKEN_MISSING if a visitor asks for more than one doctor.
        """
        if not wanted.first <= wanted.last < wanted.first + timedelta(days=MOST_DAYS):
            raise invalid("to_date", f"must be from_date or up to {MOST_DAYS - 1} days after it")
        dates = [wanted.first + timedelta(days=offset) for offset in range((wanted.last - wanted.first).days + 1)]
        if caller.is_visitor and not wanted.doctor_id:
            raise token_missing()
        doctor_ids = [wanted.doctor_id] if wanted.doctor_id else await self._doctors(caller, wanted)
        summaries = await self._days.summaries(product(doctor_ids, dates))
        if wanted.doctor_id:
            if not summaries:
                raise not_found(Reason.DOCTOR_NOT_FOUND, "doctor", wanted.doctor_id)
            require(caller, Action.SEE_SLOTS, Owner(clinic_id=summaries[0].clinic_id))
        free, total = dict.fromkeys(dates, 0), dict.fromkeys(dates, 0)
        for each in summaries:
            free[each.date] += each.free
            total[each.date] += each.total
        return [DayCount(day, free[day], total[day]) for day in dates]

    async def _doctors(self, caller: Caller, wanted: DaysWanted) -> Sequence[str]:
        clinic_id, specialty = wanted.clinic_id, wanted.specialty
        require(caller, Action.SEE_SLOTS, Owner(clinic_id=clinic_id))
        rows = await read(
            self._engine, lambda pg: doctors.places_of_clinic(pg, clinic_id, specialty), Freshness.OWN_WRITES
        )
        if rows is None:
            raise not_found(Reason.CLINIC_NOT_FOUND, "clinic", clinic_id)
        if not rows and specialty:
            await check_specialty(self._engine, specialty, reach(caller, Action.SEE_SLOTS))
        return [row.doctor_id for row in rows]
