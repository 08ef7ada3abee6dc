"""Moving and cancelling appointments: each one transaction that leaves everything as it was if it fails."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from db.postgres import appointments, days
from db.postgres.appointments import AppointmentRow
from db.postgres.cluster.engines import Connection, Engine, Sent
from db.postgres.days import DayRow, OfferRow
from db.postgres.feed import AppointmentChange
from server.domain.appointment import Status, check_movable, check_step
from server.domain.availability import Wanted, find
from server.domain.doctor import DoctorDay
from server.domain.etags import check_etag
from server.domain.identity import Action, Caller, Owner, acts_for_others, require
from server.domain.ids import Clock
from server.domain.policies import check_bookable, check_changeable
from server.domain.slots import Period, Slot
from server.usecases.appointments import history
from server.usecases.appointments.day_locks import (
    Locks,
    Place,
    Practitioner,
    bookable,
    owner_of,
    visible,
    with_enough_days,
)
from server.usecases.schedules.doctor_mapping import busy_in, meeting, placement_of, seen_at
from server.usecases.unit_of_work import Announce, Claim, Write, perform

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Move:
    """Where an appointment shall go; an empty `doctor_id` stays with its doctor, an empty `etag` matches all."""

    appointment_id: str
    doctor_id: str
    wanted: Wanted
    etag: str


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Which appointment to call off, and why; an empty `etag` matches all."""

    appointment_id: str
    reason: str
    etag: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A changed appointment, and the revisions of all days that changed with it, by doctor and date."""

    appointment: AppointmentRow
    revisions: Sequence[DayRow]

    @property
    def revision(self) -> int:
        """The revision of the appointment's own day."""
        day = (self.appointment.doctor_id, self.appointment.date)
        return next(row.revision for row in self.revisions if (row.doctor_id, row.date) == day)


class Changing:
    """Moves and cancels appointments."""

    def __init__(self, engine: Engine, clock: Clock, announce: Announce) -> None:
        self._engine = engine
        self._clock = clock
        self._announce = announce

    async def reschedule(self, caller: Caller, move: Move, write: Write[Changed, M]) -> M:
        """Move an appointment to another slot; errors are those of RescheduleAppointment in the contract."""
        rescheduling = _Rescheduling(caller, self._clock(), move)
        async with bookable(self._engine, rescheduling):
            return await self._perform(write, rescheduling.run, rescheduling.now)

    async def cancel(self, caller: Caller, cancellation: Cancellation, write: Write[Changed, M]) -> M:
        """Call an appointment off; errors are those of CancelAppointment in the contract."""
        cancelling = _Cancelling(caller, self._clock(), cancellation)
        return await self._perform(write, cancelling.run, cancelling.now)

    async def _perform(
        self,
        write: Write[Changed, M],
        run: Callable[[Connection, Claim, set[DoctorDay]], Awaitable[Changed]],
        now: datetime,
    ) -> M:
        return await with_enough_days(
            lambda known: perform(self._engine, write, lambda pg, claim: run(pg, claim, known), now, self._announce)
        )


@dataclass(slots=True)
class _Cancelling:
    caller: Caller
    now: datetime
    cancellation: Cancellation

    async def run(self, pg: Connection, claim: Claim, known: set[DoctorDay]) -> Changed:
        reading = await _Reading.send(pg, self.cancellation.appointment_id, days.NEVER)
        await claim.settle()
        before = await reading.fetch(self.caller)

        locks = Locks(claim, before.days() | known, before.row.patient_id)
        await locks.send(pg, self.now)
        reading = await _Reading.send(pg, before.row.id, days.NEVER)
        await locks.take()
        found = await reading.fetch(self.caller)
        locks.cover(found.days())

        check_etag(found.row.version, self.cancellation.etag)
        check_step(Status(found.row.status), Status.CANCELLED)
        found.check_changeable(self.caller, self.now)
        await appointments.set_status(pg, [found.row.id], Status.CANCELLED, self.now)
        cancelled = AppointmentChange(found.row.id, "cancelled", self.caller.id, self.cancellation.reason)
        await history.record(pg, [cancelled], self.now)
        row = found.row._replace(status=Status.CANCELLED, version=found.row.version + 1, updated_at=self.now)
        return Changed(row, locks.rows())


@dataclass(slots=True)
class _Rescheduling:
    caller: Caller
    now: datetime
    move: Move
    doctor_id: str = ""
    slot: Slot | None = None

    async def run(self, pg: Connection, claim: Claim, known: set[DoctorDay]) -> Changed:
        reading, target = await self._send(pg, days.NEVER)
        await claim.settle()
        before = await reading.fetch(self.caller)
        practitioner, slot = self._plan(before, await target.fetchall() if target else None)

        locks = Locks(claim, before.days() | self._days(practitioner, slot) | known, before.row.patient_id)
        await locks.send(pg, self.now)
        reading, target = await self._send(pg, busy_in(slot))
        sent_others = await appointments.of_patient_around(pg, before.row.patient_id, slot.date)
        await locks.take()
        found = await reading.fetch(self.caller)
        practitioner, slot = self._plan(found, await target.fetchall() if target else None)
        locks.cover(found.days() | self._days(practitioner, slot))

        check_etag(found.row.version, self.move.etag)
        check_movable(Status(found.row.status))
        found.check_changeable(self.caller, self.now)
        offer = practitioner.row(self.doctor_id)
        doctor, others = practitioner.doctor(self.doctor_id), await sent_others.fetchall()
        place = Place(doctor, slot, meeting(offer.busy, slot), others, found.row.id)
        seat = place.seat(self.now)
        expired = await place.expire_holds(pg, locks, self.now)
        await appointments.move(pg, found.row.id, placement_of(offer, slot, seat), self.now)
        await history.record(pg, [*expired, self._moved(found.row, offer)], self.now)
        row = found.row._replace(**seen_at(offer, slot), version=found.row.version + 1, updated_at=self.now)
        return Changed(row, locks.rows())

    async def _send(self, pg: Connection, busy: str) -> "tuple[_Reading, Sent[OfferRow] | None]":
        reading = await _Reading.send(pg, self.move.appointment_id, busy)
        if not self.move.doctor_id:
            return reading, None
        return reading, await days.offers_of_practitioner(pg, self.move.doctor_id, busy)

    def _plan(self, found: "_Found", target: Sequence[OfferRow] | None) -> tuple[Practitioner, Slot]:
        practitioner = found.practitioner if target is None else Practitioner(target)
        self.doctor_id = self.move.doctor_id or found.row.doctor_id
        doctor = practitioner.doctor(self.doctor_id)
        owner = Owner(clinic_id=doctor.clinic_id, doctor_id=doctor.id, patient_id=found.row.patient_id)
        require(self.caller, Action.CHANGE_APPOINTMENT, owner)
        self.slot = slot = find(doctor, self.move.wanted)
        check_bookable(doctor.policy, doctor.zone, day=slot.date, start_at=slot.start_at, now=self.now)
        return practitioner, slot

    def _days(self, practitioner: Practitioner, slot: Slot) -> set[DoctorDay]:
        return practitioner.days(self.doctor_id, slot.date, slot.occupied)

    def _moved(self, row: AppointmentRow, offer: OfferRow) -> AppointmentChange:
        note = f"from {row.start_at:%Y-%m-%dT%H:%M:%SZ}"
        left = row.clinic_id if row.clinic_id != offer.clinic_id else None
        return AppointmentChange(row.id, "rescheduled", self.caller.id, note, left)


@dataclass(frozen=True, slots=True)
class _Found:
    """An appointment that the caller may change, and its practitioner."""

    row: AppointmentRow
    practitioner: Practitioner

    def days(self) -> set[DoctorDay]:
        return self.practitioner.days(self.row.doctor_id, self.row.date, Period(self.row.start_at, self.row.busy_until))

    def check_changeable(self, caller: Caller, now: datetime) -> None:
        policy = self.practitioner.doctor(self.row.doctor_id).policy
        by_staff = acts_for_others(caller, Action.CHANGE_APPOINTMENT, owner_of(self.row))
        check_changeable(policy, start_at=self.row.start_at, now=now, by_staff=by_staff)


@dataclass(frozen=True, slots=True)
class _Reading:
    """An appointment and its practitioner on their way from the database."""

    appointment_id: str
    row: Sent[AppointmentRow]
    offers: Sent[OfferRow]

    @staticmethod
    async def send(pg: Connection, appointment_id: str, busy: str) -> "_Reading":
        return _Reading(
            appointment_id,
            await appointments.get(pg, appointment_id),
            await days.offers_of_appointment(pg, appointment_id, busy),
        )

    async def fetch(self, caller: Caller) -> _Found:
        row = visible(caller, await self.row.fetchone(), self.appointment_id)
        require(caller, Action.CHANGE_APPOINTMENT, owner_of(row))
        return _Found(row, Practitioner(await self.offers.fetchall()))
