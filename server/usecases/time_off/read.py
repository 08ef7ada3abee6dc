"""Reading time off: a preview, a page, and what became of the appointments."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from db.postgres.booking import days, hours, time_off
from db.postgres.booking.time_off import MetRow, TimeOffRow
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.routing import Freshness
from server.domain.booking.doctor import Doctor
from server.domain.booking.slots import Period
from server.domain.booking.time_off import MOST_APPOINTMENTS, check_number, check_period
from server.domain.errors import Reason, not_found
from server.domain.identity import Caller
from server.domain.ids import Clock
from server.domain.rights import Action, Owner, may, require
from server.usecases import paging
from server.usecases.reach import reach
from server.usecases.schedules.doctor_mapping import doctor_of
from server.usecases.unit_of_work import read


class TimeOffReader:
    """Previews, gets and lists time off."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def preview(self, caller: Caller, doctor_id: str, period: Period) -> Sequence[MetRow]:
        """The appointments that time off would meet; errors are those of PreviewTimeOff in the contract."""
        now = self._clock()

        async def work(pg: Connection) -> list[MetRow]:
            doctor = await managed_doctor(pg, caller, doctor_id, now)
            check_period(period, now)
            dates = dates_of(doctor, period)
            return await time_off.met(pg, doctor_id, dates, *period, now, MOST_APPOINTMENTS + 1)

        found = await read(self._engine, work)
        check_number(len(found), ahead=0)
        return found

    async def get(self, caller: Caller, time_off_id: str) -> tuple[TimeOffRow, Sequence[MetRow]]:
        """One time off, and the appointments that it met (TIME_OFF_NOT_FOUND)."""
        reach(caller, Action.SET_WORKING_HOURS)

        async def work(pg: Connection) -> tuple[TimeOffRow, list[MetRow]]:
            row = visible(caller, await time_off.get(pg, time_off_id), time_off_id)
            return row, await time_off.account(pg, time_off_id)

        return await read(self._engine, work, Freshness.OWN_WRITES)

    async def list(
        self, caller: Caller, doctor_id: str, size: int, page_token: str
    ) -> tuple[Sequence[TimeOffRow], str]:
        """A page of a doctor's time off (DOCTOR_NOT_FOUND, NOT_ALLOWED), and the token of the next page."""
        query = ("time off", doctor_id)
        rows, after = paging.page_size(size), paging.after_id(page_token, query)

        async def work(pg: Connection) -> list[TimeOffRow]:
            await managed_doctor(pg, caller, doctor_id, self._clock())
            return await time_off.page(pg, doctor_id, after, rows + 1)

        return paging.cut(await read(self._engine, work, Freshness.OWN_WRITES), rows, query)


async def managed_doctor(pg: Connection, caller: Caller, doctor_id: str, now: datetime) -> Doctor:
    """A doctor whose time off the caller may manage (DOCTOR_NOT_FOUND, NOT_ALLOWED)."""
    reach(caller, Action.SET_WORKING_HOURS)
    row = await (await days.offer(pg, doctor_id, now.date(), now.date())).fetchone()
    if row is None:
        raise not_found(Reason.DOCTOR_NOT_FOUND, "doctor", doctor_id)
    require(caller, Action.SET_WORKING_HOURS, Owner(clinic_id=row.clinic_id, doctor_id=doctor_id))
    return doctor_of(row)


def dates_of(doctor: Doctor, period: Period) -> list[date]:
    """The days of a doctor of which slots may be in a period: a session after midnight may be of the day before."""
    first, last = (each.astimezone(doctor.zone).date() for each in period)
    return hours.dates(first - timedelta(days=1), last)


def visible(caller: Caller, row: TimeOffRow | None, time_off_id: str) -> TimeOffRow:
    """A time off that the caller may manage (TIME_OFF_NOT_FOUND)."""
    if row and may(caller, Action.SET_WORKING_HOURS, Owner(clinic_id=row.clinic_id, doctor_id=row.doctor_id)):
        return row
    raise not_found(Reason.TIME_OFF_NOT_FOUND, "time_off", time_off_id)
