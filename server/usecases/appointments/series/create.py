"""Books a series: one transaction over all of its days, of four round trips to the database.

The days of all dates are locked in one sorted set, like those of a single booking, and each date is seated by the same
rule. What is refused is left out, or the whole series is rolled back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from db.postgres.booking import appointments, booked_patients, days, hours
from db.postgres.booking.appointments import NewAppointment
from db.postgres.booking.days import DayRow
from db.postgres.booking.feed import AppointmentChange
from db.postgres.cluster.engines import Connection, Engine
from server.domain.booking.appointment import AppointmentStatus
from server.domain.booking.policies import Waived
from server.domain.booking.seating import Place, Visit
from server.domain.booking.series import Recurrence
from server.domain.booking.slots import Period
from server.domain.identity import Caller
from server.domain.ids import Clock, IdMaker
from server.domain.notices import NoticeKind
from server.domain.rights import Action, Owner, acts_for_others, require
from server.usecases.appointments import history
from server.usecases.appointments.alternatives import SlotWrite, with_alternatives
from server.usecases.appointments.booked import row_of
from server.usecases.appointments.booking_limits import BookingLimits
from server.usecases.appointments.changeable import check_override
from server.usecases.appointments.day_locks import PractitionerSchedule
from server.usecases.appointments.holds import expiry
from server.usecases.appointments.series.occurrences import Occurrence, add_alternatives, planned
from server.usecases.appointments.type_to_book import TypeToBook
from server.usecases.idempotency import Claim, Write
from server.usecases.schedules.doctor_mapping import busy_at, placement_of, visits_of
from server.usecases.unit_of_work import Announce, Changes, perform, read

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class NewSeries:
    """A series to book: at `time_slot` (HH:MM on the clinic's wall clock) of each date."""

    patient_id: str
    doctor_id: str
    first: date
    time_slot: str
    recurrence: Recurrence
    reason: str
    type_id: str
    override_reason: str
    """Why dates whose slot is full get an extra seat; empty if they do not."""
    skip_refused: bool
    """Book the others if some dates are refused; else all or nothing."""
    validate_only: bool


@dataclass(frozen=True, slots=True)
class SeriesBooked:
    """What became of each date; an empty `series_id` if nothing was booked."""

    series_id: str
    occurrences: Sequence[Occurrence]
    revisions: Sequence[DayRow]


class SeriesBooker:
    """Books series of appointments."""

    def __init__(self, engine: Engine, clock: Clock, new_id: IdMaker, announce: Announce) -> None:
        self._engine = engine
        self._clock = clock
        self._new_id = new_id
        self._announce = announce

    async def create(self, caller: Caller, series: NewSeries, write: Write[SeriesBooked, M]) -> M:
        """Book a series or only look what would become of it; errors are those of CreateAppointmentSeries."""
        dates = series.recurrence.dates(series.first)
        attempt = _SeriesWrite(caller, self._clock(), series, dates, self._new_id)
        try:
            async with with_alternatives(self._engine, attempt):
                return await perform(
                    self._engine, write, attempt.run, attempt.now, lambda done: self._announce(Changes(done.revisions))
                )
        except _NotBooked as seen:
            occurrences = seen.occurrences
        await read(self._engine, lambda pg: attempt.add_alternatives(pg, occurrences))
        return write.render(SeriesBooked("", occurrences, ()))


class _NotBooked(Exception):
    """Rolls the transaction back, and says what became of each date."""

    def __init__(self, occurrences: Sequence[Occurrence]) -> None:
        super().__init__()
        self.occurrences = occurrences


@dataclass(slots=True)
class _SeriesWrite(SlotWrite):
    series: NewSeries
    dates: Sequence[date]
    new_id: IdMaker
    for_others: bool = False

    async def run(self, pg: Connection, claim: Claim) -> SeriesBooked:
        practitioner, occurrences = await self._plan(pg, claim)
        offered = [each for each in occurrences if not each.refusal]
        if offered:
            await self._lock_and_seat(pg, claim, practitioner, offered)
        taken = [each for each in offered if not each.refusal]
        is_wanted = len(taken) == len(occurrences) or self.series.skip_refused
        if not taken or not is_wanted or self.series.validate_only:
            raise _NotBooked(occurrences)
        expired = await self._write(pg, practitioner, taken)
        # Where the series itself sits nothing is free any more.
        await self.add_alternatives(pg, occurrences)
        await self._record(pg, expired, taken)
        return SeriesBooked(taken[0].id, occurrences, self.locks.rows())

    async def _plan(self, pg: Connection, claim: Claim) -> tuple[PractitionerSchedule, list[Occurrence]]:
        series = self.series
        self.doctor_id, self.type = series.doctor_id, TypeToBook(series.type_id)
        await self.type.read(pg, claim)
        sent = await days.offers_of_practitioner(pg, series.doctor_id, days.NOTHING_BUSY)
        await claim.wait_or_answer()
        practitioner = PractitionerSchedule(await sent.fetchall())
        doctor = practitioner.doctor(series.doctor_id)
        owner = Owner(clinic_id=doctor.clinic_id, doctor_id=doctor.id, patient_id=series.patient_id)
        require(self.caller, Action.CREATE_APPOINTMENT, owner)
        check_override(self.caller, owner, series.override_reason)
        self.for_others = acts_for_others(self.caller, Action.CREATE_APPOINTMENT, owner)
        of_type = self.type.at(doctor.clinic_id)
        return practitioner, [
            planned(doctor, day, series.time_slot, of_type, self.now, for_others=self.for_others) for day in self.dates
        ]

    async def _lock_and_seat(
        self, pg: Connection, claim: Claim, seen: PractitionerSchedule, offered: Sequence[Occurrence]
    ) -> None:
        """Lock the days of all dates, read what decides, and seat one date after the other."""
        doctor_id, patient_id = self.doctor_id, self.series.patient_id
        self.slot = offered[0].slot
        needed = set().union(*(seen.days(doctor_id, each.date, each.slot.occupied) for each in offered))
        doctor = seen.doctor(doctor_id)
        await self.locks.send(pg, needed, patient_id, self.now)
        if any(each.waived is Waived.HORIZON for each in offered):
            await hours.keep(pg, doctor_id)
        sent = await days.offers_of_practitioner(pg, doctor_id, days.NOTHING_BUSY)
        whole = Period(offered[0].slot.start_at, offered[-1].slot.occupied.end_at)
        sent_visits = await booked_patients.of_patient_between(pg, patient_id, offered[0].date, offered[-1].date)
        await self.type.send(pg, patient_id, whole, for_others=self.for_others)
        limits = BookingLimits(self.caller.id, patient_id, hold=False)
        await limits.send(pg, doctor.clinic_id, doctor.policy, self.now, for_others=self.for_others)
        await self.locks.take(claim)
        self.locks.check_patient_bookable()
        await self.type.check(for_others=self.for_others)
        if PractitionerSchedule(await sent.fetchall()).doctors != seen.doctors:
            raise self.locks.too_few(needed)
        visits = visits_of(await sent_visits.fetchall())
        in_use = await self.type.in_use(frozenset(), self.now)
        await limits.check(len(offered))
        by_date = {row.date: row for row in await days.offers_of_days(pg, [(doctor_id, each.date) for each in offered])}
        for each in offered:
            busy = busy_at(by_date[each.date].busy, each.slot)
            place = Place(doctor, each.slot, busy, visits, self.new_id())
            each.take(place, self.type, in_use, self.now, override=bool(self.series.override_reason))
            if not each.refusal:
                mine = (each.id, doctor_id, doctor.clinic_id, each.date, *each.slot.visit)
                visits.append(Visit(*mine, held_until=None))

    async def _write(
        self, pg: Connection, practitioner: PractitionerSchedule, taken: Sequence[Occurrence]
    ) -> list[AppointmentChange]:
        """Store the appointments of a series, whose id is that of the first one; the holds that made way for them."""
        offer, series, series_id = practitioner.row(self.doctor_id), self.series, taken[0].id
        what = (AppointmentStatus.SCHEDULED, series.reason, series.type_id or None)
        expired: list[AppointmentChange] = []
        for each in taken:
            new = NewAppointment(each.id, series.patient_id, *what, series_id=series_id)
            expired += await expiry.expire(pg, each.place, self.locks, self.now)
            await appointments.insert(pg, new, placement_of(offer, each.slot, each.seat.number), self.now)
            if each.type.chosen:
                await each.type.take(pg, each.id)
            each.row = row_of(offer, new, each.slot, self.locks.patient_name, each.type, self.now)
        return expired

    async def _record(self, pg: Connection, expired: Sequence[AppointmentChange], taken: Sequence[Occurrence]) -> None:
        """Record all that was written; last, since it locks the feed of the clinic."""
        patient_id, reason = self.series.patient_id, self.series.override_reason
        booked = [each.change("booked", self.caller, patient_id, reason) for each in taken]
        # The confirmation of the first appointment lists all of them; the others have their reminders.
        notices = [*(None for _ in expired), NoticeKind.CONFIRMATION, *(NoticeKind.REMINDER for _ in booked[1:])]
        await history.record_changes(pg, [*expired, *booked], self.now, notices)

    async def add_alternatives(self, pg: Connection, occurrences: Sequence[Occurrence]) -> None:
        """Add the nearest free slots to the dates that are refused."""
        for each in occurrences:
            await add_alternatives(pg, self.doctor_id, each, self.now, self.of_type)
