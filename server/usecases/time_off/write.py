"""Making and deleting time off, in one transaction with what happens to the appointments in it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from db.errors import Conflict
from db.postgres.booking import days, move_offers, time_off
from db.postgres.booking.days import DayRow
from db.postgres.booking.time_off import MetRow, TimeOffRow
from db.postgres.cluster.engines import Connection, Engine
from server.domain.booking.doctor import DoctorDay
from server.domain.booking.slots import Period
from server.domain.booking.time_off import MOST_APPOINTMENTS, check_number, check_period
from server.domain.identity import Caller
from server.domain.ids import Clock, IdMaker
from server.domain.rights import Action, Owner, require
from server.usecases.appointments import history
from server.usecases.appointments.day_locks import PractitionerSchedule
from server.usecases.idempotency import Claim, Write
from server.usecases.reach import reach
from server.usecases.time_off.choices import Choices, cancel, days_freed, offer_moves
from server.usecases.time_off.read import dates_of, visible
from server.usecases.unit_of_work import Announce, Changes, perform

M = TypeVar("M")

_NOTE = "the doctor is away"
"""In the history of an appointment that time off cancels: patients read it."""


@dataclass(frozen=True, slots=True)
class NewTimeOff:
    """When a doctor is off, and what to do with the appointments in it."""

    doctor_id: str
    period: Period
    reason: str
    choices: Choices


@dataclass(frozen=True, slots=True)
class TimeOffDone:
    """A time off that was made or deleted, the appointments that it met, and the days that changed."""

    row: TimeOffRow
    met: Sequence[MetRow]
    changes: Changes


class TimeOffWriter:
    """Makes and deletes time off."""

    def __init__(self, engine: Engine, clock: Clock, new_id: IdMaker, announce: Announce) -> None:
        self._engine = engine
        self._clock = clock
        self._new_id = new_id
        self._announce = announce

    async def create(self, caller: Caller, new: NewTimeOff, write: Write[TimeOffDone, M]) -> M:
        """Make time off; errors are those of CreateTimeOff in the contract."""
        reach(caller, Action.SET_WORKING_HOURS)
        creation = _TimeOffCreation(caller, new, self._new_id(), self._clock(), self._new_id)
        return await perform(self._engine, write, creation.run, creation.now, lambda done: self._announce(done.changes))

    async def delete(self, caller: Caller, time_off_id: str, write: Write[TimeOffDone, M]) -> M:
        """Delete time off; errors are those of DeleteTimeOff in the contract."""
        reach(caller, Action.SET_WORKING_HOURS)
        now = self._clock()

        async def work(pg: Connection, claim: Claim) -> TimeOffDone:
            await claim.wait_or_answer()
            row = visible(caller, await time_off.get(pg, time_off_id), time_off_id)
            rows = await (await days.offers_of_practitioner(pg, row.doctor_id, days.NOTHING_BUSY)).fetchall()
            doctor = PractitionerSchedule(rows).doctor(row.doctor_id)
            dates = dates_of(doctor, Period(row.start_at, row.end_at))
            raised = await (await days.raise_revisions(pg, [(doctor.id, day) for day in dates], now)).fetchall()
            await time_off.lock_doctor(pg, doctor.id, now)
            await time_off.delete(pg, row, now)
            await move_offers.end_of_time_off(pg, row.id, now)
            return TimeOffDone(await time_off.get(pg, time_off_id) or row, (), Changes(raised))

        return await perform(self._engine, write, work, now, lambda done: self._announce(done.changes))


@dataclass(slots=True)
class _TimeOffCreation:
    caller: Caller
    new: NewTimeOff
    time_off_id: str
    now: datetime
    new_id: IdMaker
    learned: set[DoctorDay] = field(default_factory=set)
    """More days that an earlier attempt turned out to need."""

    async def run(self, pg: Connection, claim: Claim) -> TimeOffDone:
        await claim.wait_or_answer()
        practitioner = await self._practitioner(pg)
        doctor = practitioner.doctor(self.new.doctor_id)
        require(self.caller, Action.SET_WORKING_HOURS, Owner(clinic_id=doctor.clinic_id, doctor_id=doctor.id))
        check_period(self.new.period, self.now)
        dates = dates_of(doctor, self.new.period)
        locked = {(doctor.id, day) for day in dates} | self.learned
        raised = await (await days.raise_revisions(pg, locked, self.now)).fetchall()
        met = await time_off.met(pg, doctor.id, dates, *self.new.period, self.now, MOST_APPOINTMENTS + 1)
        cancelled = self.new.choices.cancelled(met)
        self._cover(locked, await self._practitioner(pg), cancelled)
        await time_off.lock_patients(pg, [row.patient_id for row in cancelled])
        check_number(len(met), await time_off.lock_doctor(pg, doctor.id, self.now))
        return await self._write(pg, met, cancelled, raised)

    async def _practitioner(self, pg: Connection) -> PractitionerSchedule:
        sent = await days.offers_of_practitioner(pg, self.new.doctor_id, days.NOTHING_BUSY)
        return PractitionerSchedule(await sent.fetchall())

    def _cover(self, locked: set[DoctorDay], practitioner: PractitionerSchedule, cancelled: Sequence[MetRow]) -> None:
        """Check that all days are locked on which cancellations free the practitioner, at other clinics too."""
        self.learned |= days_freed(practitioner, self.new.doctor_id, cancelled)
        if not self.learned <= locked:
            raise Conflict("time off cancels appointments on more days than are locked")

    async def _write(
        self, pg: Connection, met: Sequence[MetRow], cancelled: Sequence[MetRow], raised: Sequence[DayRow]
    ) -> TimeOffDone:
        new = self.new
        row = TimeOffRow(self.time_off_id, new.doctor_id, "", "", *new.period, new.reason, self.now, None)
        await time_off.add(pg, row, self.caller.id, [each.id for each in met], self.now)
        offered = new.choices.offered(met)
        await offer_moves(pg, offered, self.new_id, self.now, time_off_id=row.id, back_at=new.period.end_at)
        changes = await cancel(pg, cancelled, self.caller.id, _NOTE, self.now) if cancelled else []
        stored, account = await time_off.get(pg, row.id) or row, await time_off.account(pg, row.id)
        if changes:
            # Last: it locks the feed of the clinic.
            await history.record_changes(pg, changes, self.now)
        return TimeOffDone(stored, account, Changes(raised))
