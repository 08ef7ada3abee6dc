"""Moves an appointment of a series and all that follow it, by the same days and minutes of the clinic's wall clock.

One transaction, as when a series is booked: the days of all old and new dates are locked in one sorted set. Dates are
seated one after the other, beginning with the one that nothing of the series follows in the direction of the move:

    a week later    3 March -> 10 March -> 17 March    17 March leaves first, and 10 March finds its place free
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from db.postgres.booking import alternatives, appointments, booked_patients, days, hours
from db.postgres.booking.appointments import AppointmentRow
from db.postgres.booking.days import DayRow, OfferRow
from db.postgres.booking.feed import AppointmentChange
from db.postgres.cluster.engines import Connection, Engine
from server.domain.booking.doctor import DoctorDay
from server.domain.booking.policies import Waived
from server.domain.booking.seating import Place
from server.domain.booking.slots import Period
from server.domain.identity import Caller
from server.domain.ids import Clock
from server.domain.notices import NoticeKind
from server.usecases.appointments import history
from server.usecases.appointments.alternatives import SlotWrite, with_alternatives
from server.usecases.appointments.changeable import check_override, owner_of
from server.usecases.appointments.holds import expiry
from server.usecases.appointments.series.occurrences import add_alternatives
from server.usecases.appointments.series.remaining import remaining
from server.usecases.appointments.series.shifting import SeriesMove, SeriesPlaces, SeriesStep, in_order, steps_of
from server.usecases.appointments.type_to_book import TypeToBook
from server.usecases.idempotency import Claim, Write
from server.usecases.schedules.doctor_mapping import placement_of, seen_at, visits_of
from server.usecases.unit_of_work import Announce, Changes, perform, read

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class SeriesMoved:
    """What became of each appointment, by start; without revisions if none was moved."""

    steps: Sequence[SeriesStep]
    revisions: Sequence[DayRow]


class SeriesMover:
    """Moves the rest of a series."""

    def __init__(self, engine: Engine, clock: Clock, announce: Announce) -> None:
        self._engine = engine
        self._clock = clock
        self._announce = announce

    async def move(self, caller: Caller, wanted: SeriesMove, write: Write[SeriesMoved, M]) -> M:
        """Move them or only look what would become of it; errors are those of RescheduleAppointmentSeries."""
        attempt = _Moving(caller, self._clock(), wanted)
        try:
            async with with_alternatives(self._engine, attempt):
                return await perform(
                    self._engine, write, attempt.run, attempt.now, lambda done: self._announce(Changes(done.revisions))
                )
        except _NotMoved as seen:
            steps = seen.steps
        await read(self._engine, lambda pg: attempt.add_alternatives(pg, steps))
        return write.render(SeriesMoved(steps, ()))


class _NotMoved(Exception):
    """Rolls the transaction back, and says what became of each appointment."""

    def __init__(self, steps: Sequence[SeriesStep]) -> None:
        super().__init__()
        self.steps = steps


@dataclass(slots=True)
class _Moving(SlotWrite):
    wanted: SeriesMove

    async def run(self, pg: Connection, claim: Claim) -> SeriesMoved:
        steps = await self._plan(pg, claim)
        if all(each.is_there_already for each in steps):
            for each in steps:
                each.to.row, each.to.refusal = each.row, None
            return SeriesMoved(steps, ())
        if not all(each.to.refusal for each in steps):
            steps = await self._lock_and_seat(pg, claim, steps)
        moving = [each for each in steps if not each.to.refusal]
        # The others move as far as the first: if it stayed, the same request again would move them once more.
        is_wanted = len(moving) == len(steps) or (self.wanted.skip_refused and not steps[0].to.refusal)
        if not moving or not is_wanted or self.wanted.validate_only:
            raise _NotMoved(steps)
        expired = await self._write(pg, moving)
        # Where the series itself sits nothing is free any more.
        await self.add_alternatives(pg, steps)
        await self._record(pg, expired, moving)
        return SeriesMoved(steps, self.locks.rows())

    async def _plan(self, pg: Connection, claim: Claim) -> list[SeriesStep]:
        found = await remaining(pg, claim, self.caller, self.wanted.from_id)
        for each in found:
            check_override(self.caller, owner_of(each.row), self.wanted.override_reason)
        if self.type.type_id != (found[0].row.type_id or ""):  # all appointments of a series have one type
            self.type = TypeToBook(found[0].row.type_id or "")
            await self.type.read(pg)
        return steps_of(found, self.wanted, self.of_type, self.caller, self.now)

    async def _lock_and_seat(self, pg: Connection, claim: Claim, seen: Sequence[SeriesStep]) -> list[SeriesStep]:
        """Lock the days of the plan, plan again, and seat one date after the other (MoreDays)."""
        row = seen[0].row
        self.doctor_id, self.slot = row.doctor_id, seen[0].to.slot
        await self.locks.send(pg, _days(seen), row.patient_id, self.now)
        for doctor_id in sorted({each.row.doctor_id for each in seen if each.to.waived is Waived.HORIZON}):
            await hours.keep(pg, doctor_id)
        await self.locks.take(claim)
        self.locks.check_patient_bookable()
        steps = await self._plan(pg, claim)
        self.locks.cover(_days(steps))
        if offered := [each for each in steps if not each.to.refusal]:
            await self._seat(pg, offered)
        return steps

    async def _seat(self, pg: Connection, offered: Sequence[SeriesStep]) -> None:
        patient_id, dates = offered[0].row.patient_id, [each.to.date for each in offered]
        sent_own = await alternatives.held_for(pg, [each.row.id for each in offered])
        starts, ends = ([each.to.slot.occupied[part] for each in offered] for part in (0, 1))
        sent_visits = await booked_patients.of_patient_between(pg, patient_id, min(dates), max(dates))
        await self.type.send(pg, patient_id, Period(min(starts), max(ends)), for_others=True)
        visits = visits_of(await sent_visits.fetchall())
        # What is held for the patient as an alternative of these very appointments gives way to them.
        own = frozenset(found for (found,) in await sent_own.fetchall())
        there = SeriesPlaces(await self.type.in_use(own, self.now), visits)
        rows = await days.offers_of_days(pg, [(each.row.doctor_id, each.to.date) for each in offered])
        by_day: dict[DoctorDay, OfferRow] = {(each.doctor_id, each.date): each for each in rows if each.date}
        for each in in_order(offered):
            doctor = each.found.practitioner.doctor(each.row.doctor_id)
            busy = there.busy(by_day[doctor.id, each.to.date].busy, each.to.slot)
            place = Place(doctor, each.to.slot, busy, there.visits, each.row.id).given_up(own, self.now)
            each.to.take(place, self.type, there.in_use, self.now, override=bool(self.wanted.override_reason))
            if not each.to.refusal:
                there.move(each)

    async def _write(self, pg: Connection, moving: Sequence[SeriesStep]) -> list[AppointmentChange]:
        """Store the new places; the holds that made way for them."""
        expired: list[AppointmentChange] = []
        for each in in_order(moving):
            offer, row = each.found.practitioner.row(each.row.doctor_id), each.row
            expired += await expiry.expire(pg, each.to.place, self.locks, self.now)
            await appointments.move(pg, row.id, placement_of(offer, each.to.slot, each.to.seat.number), self.now)
            if row.type_id:
                await each.to.type.take(pg, row.id)
            each.to.row = self._moved_row(each, offer)
        return expired

    async def _record(self, pg: Connection, expired: Sequence[AppointmentChange], moving: Sequence[SeriesStep]) -> None:
        """Record all that was written; last, since it locks the feed of the clinic."""
        moved = [each.change(self.caller, self.wanted.override_reason) for each in moving]
        # The notice of the first one lists all of them; of the others only the reminders are planned again.
        notices = [*(None for _ in expired), NoticeKind.CHANGE, *(NoticeKind.REMINDER for _ in moved[1:])]
        await history.record_changes(pg, [*expired, *moved], self.now, notices)

    def _moved_row(self, step: SeriesStep, offer: OfferRow) -> AppointmentRow:
        row = step.row._replace(**seen_at(offer, step.to.slot))
        row = row._replace(confirmed_at=None, version=row.version + 1, updated_at=self.now)
        return row._replace(resources=step.to.type.resources) if row.type_id else row

    async def add_alternatives(self, pg: Connection, steps: Sequence[SeriesStep]) -> None:
        """Add the nearest free slots to the dates that are refused."""
        for each in steps:
            await add_alternatives(pg, each.row.doctor_id, each.to, self.now, self.of_type)


def _days(steps: Sequence[SeriesStep]) -> set[DoctorDay]:
    return set().union(*(each.days() for each in steps if not each.to.refusal))
