"""Moving an appointment: one transaction that leaves everything as it was if it fails."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from db.errors import Conflict
from db.postgres.booking import alternatives, appointments, booked_patients, days, hours, move_offers
from db.postgres.booking.appointments import AppointmentRow
from db.postgres.booking.days import OfferRow
from db.postgres.booking.feed import AppointmentChange
from db.postgres.cluster.engines import Connection, Engine, Sent
from server.domain.booking.appointment import AppointmentStatus, check_movable
from server.domain.booking.availability import Wanted, find
from server.domain.booking.doctor import DoctorDay
from server.domain.booking.move_offers import MoveOfferStatus, is_alternative, offer_ended
from server.domain.booking.policies import Waived, check_bookable
from server.domain.booking.seating import Place, Seat, seat_for
from server.domain.booking.slots import Period, Slot
from server.domain.errors import DomainError, Reason
from server.domain.etags import check_etag
from server.domain.identity import Caller
from server.domain.ids import Clock
from server.domain.rights import Action, Owner, acts_for_others, require
from server.usecases.appointments import history
from server.usecases.appointments.alternatives import SlotWrite, with_alternatives
from server.usecases.appointments.booking_limits import BookingLimits
from server.usecases.appointments.changeable import Changeable, ChangeableQuery, Changed, check_override
from server.usecases.appointments.day_locks import PractitionerSchedule
from server.usecases.appointments.holds import expiry
from server.usecases.appointments.type_to_book import TypeToBook
from server.usecases.idempotency import Claim, Write
from server.usecases.schedules.doctor_mapping import busy_at, busy_in, placement_of, seen_at, visits_of
from server.usecases.unit_of_work import Announce, perform

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Move:
    """Where to move an appointment; an empty `doctor_id` keeps its doctor, an empty `etag` matches every version."""

    appointment_id: str
    doctor_id: str
    wanted: Wanted
    etag: str
    find_offer: Callable[[Connection], Awaitable[str]] | None = None
    """Finds the id of the offer that the patient accepts with it; only called once the write is no repeated one."""
    override_reason: str = ""
    """Why it gets an extra seat if the slot is full; empty if it does not."""


class Rescheduler:
    """Moves appointments."""

    def __init__(self, engine: Engine, clock: Clock, announce: Announce) -> None:
        self._engine = engine
        self._clock = clock
        self._announce = announce

    async def reschedule(self, caller: Caller, move: Move, write: Write[Changed, M]) -> M:
        """Move an appointment to another slot; errors are those of RescheduleAppointment in the contract."""
        attempt = _Rescheduling(caller, self._clock(), move, self._clock)
        async with with_alternatives(self._engine, attempt):
            return await perform(
                self._engine, write, attempt.run, attempt.now, lambda changed: self._announce(changed.changes)
            )


@dataclass(frozen=True, slots=True)
class _MovePlan:
    """An appointment, and the slot that it is to move to."""

    found: Changeable
    practitioner: PractitionerSchedule
    """The practitioner of the slot."""
    slot: Slot
    doctor_id: str
    waived: Waived = Waived.NOTHING

    @property
    def is_there_already(self) -> bool:
        """Whether the appointment is already in that slot, so that nothing changes and nobody is notified."""
        row = self.found.row
        there = (row.doctor_id, row.date, Period(row.start_at, row.end_at))
        return there == (self.doctor_id, self.slot.date, self.slot.visit)

    def days(self) -> set[DoctorDay]:
        """The days whose slots it occupies before and after the move."""
        return self.found.days() | self.practitioner.days(self.doctor_id, self.slot.date, self.slot.occupied)


@dataclass(slots=True)
class _Rescheduling(SlotWrite):
    move: Move
    clock: Clock
    own: frozenset[str] = frozenset()
    """What is held for the patient as an alternative of the appointment."""
    offer_id: str = ""
    """The offer that is accepted, once it is found; empty if none is."""

    async def run(self, pg: Connection, claim: Claim) -> Changed:
        plan = await self._look(pg, claim)
        if plan.is_there_already:
            self._check_movable(plan)
            return Changed(plan.found.row, ())
        plan, place = await self._lock_and_read(pg, claim, plan)
        seat = self._seat(plan, place)
        await self.type.choose(place.appointment_id, plan.slot.occupied, self.now, self.own)
        return await self._write(pg, plan, place, seat)

    async def _look(self, pg: Connection, claim: Claim) -> _MovePlan:
        reading, target = await self._send(pg, days.NOTHING_BUSY)
        await claim.wait_or_answer()
        if self.move.find_offer:
            self.offer_id = await self.move.find_offer(pg)
        return await self._check_and_plan(pg, reading, target)

    async def _lock_and_read(self, pg: Connection, claim: Claim, seen: _MovePlan) -> tuple[_MovePlan, Place]:
        """Lock the days of the plan and plan again: what was seen before only says which days to lock (MoreDays)."""
        await self.locks.send(pg, seen.days(), seen.found.row.patient_id, self.now)
        if seen.waived is Waived.HORIZON:
            await hours.keep(pg, seen.doctor_id)
        reading, target = await self._send(pg, busy_in(seen.slot))
        sent_others = await booked_patients.of_patient_around(pg, seen.found.row.patient_id, seen.slot.date)
        sent_held = await alternatives.held_for(pg, [seen.found.row.id])
        await self.locks.take(claim)
        self.locks.check_patient_bookable()
        plan = await self._check_and_plan(pg, reading, target)
        self.locks.cover(plan.days())
        await self._check_no_alternative(pg, plan.found.row)
        if plan.is_there_already:
            raise Conflict("another call has moved it there: what the locks have raised must be as it was")
        await self._check_open_limit(pg, plan)
        await self.type.send(pg, plan.found.row.patient_id, plan.slot.occupied, for_others=True)
        doctor, busy = plan.practitioner.doctor(plan.doctor_id), plan.practitioner.row(plan.doctor_id).busy
        visits = visits_of(await sent_others.fetchall())
        place = Place(doctor, plan.slot, busy_at(busy, plan.slot), visits, plan.found.row.id)
        # What is held for the patient as an alternative of this very appointment gives way to it, as if it had run out.
        self.own = frozenset(found for (found,) in await sent_held.fetchall())
        await self._accept(pg)
        return plan, place.given_up(self.own, self.now)

    async def _accept(self, pg: Connection) -> None:
        """End the offer that the move accepts (OFFER_ENDED); asked under the locks, as with the end of a hold."""
        if self.offer_id and not await move_offers.answer(pg, self.offer_id, MoveOfferStatus.ACCEPTED, self.clock()):
            raise offer_ended()

    async def _check_open_limit(self, pg: Connection, plan: _MovePlan) -> None:
        """At another clinic it is one more appointment ahead (OPEN_LIMIT_REACHED)."""
        row, doctor = plan.found.row, plan.practitioner.doctor(plan.doctor_id)
        if row.clinic_id == doctor.clinic_id:
            return
        limits = BookingLimits(self.caller.id, row.patient_id, hold=False)
        owner = Owner(clinic_id=doctor.clinic_id, doctor_id=doctor.id, patient_id=row.patient_id)
        for_others = acts_for_others(self.caller, Action.CHANGE_APPOINTMENT, owner)
        await limits.send(pg, doctor.clinic_id, doctor.policy, self.now, for_others=for_others)
        await limits.check()

    async def _check_no_alternative(self, pg: Connection, row: AppointmentRow) -> None:
        """Refuse to move what is held for an offer: its patient was offered that time (STATUS_FORBIDS)."""
        if row.status == AppointmentStatus.HELD and await (await alternatives.is_alternative(pg, row.id)).fetchone():
            raise is_alternative()

    def _check_movable(self, plan: _MovePlan) -> None:
        check_etag(plan.found.row.version, self.move.etag)
        check_movable(AppointmentStatus(plan.found.row.status))

    def _seat(self, plan: _MovePlan, place: Place) -> Seat:
        self._check_movable(plan)
        plan.found.check_in_time(self.caller, self.now)
        return seat_for(place, self.now, override=bool(self.move.override_reason))

    async def _write(self, pg: Connection, plan: _MovePlan, place: Place, seat: Seat) -> Changed:
        row, offer = plan.found.row, plan.practitioner.row(plan.doctor_id)
        expired = await expiry.expire(pg, place, self.locks, self.now)
        await appointments.move(pg, row.id, placement_of(offer, plan.slot, seat.number), self.now)
        if row.type_id:  # the type may need less than when it was booked
            await self.type.take(pg, row.id)
        await history.record_changes(pg, [*expired, self._moved(row, offer, plan.waived, seat)], self.now)
        row = row._replace(**seen_at(offer, plan.slot), confirmed_at=None, version=row.version + 1, updated_at=self.now)
        if row.type_id:
            row = row._replace(resources=self.type.resources)
        return Changed(row, self.locks.rows())

    async def _send(self, pg: Connection, busy: str) -> tuple[ChangeableQuery, Sent[OfferRow] | None]:
        reading = await ChangeableQuery.send(pg, self.move.appointment_id, busy)
        if not self.move.doctor_id:
            return reading, None
        return reading, await days.offers_of_practitioner(pg, self.move.doctor_id, busy)

    async def _check_and_plan(
        self, pg: Connection, reading: ChangeableQuery, target: Sent[OfferRow] | None
    ) -> _MovePlan:
        """Check the caller's rights and find the new slot; a refusal needs it too, to name the nearest free ones."""
        found = await reading.fetch(self.caller)
        practitioner = PractitionerSchedule(await target.fetchall()) if target else found.practitioner
        self.doctor_id = self.move.doctor_id or found.row.doctor_id
        doctor = practitioner.doctor(self.doctor_id)
        owner = Owner(clinic_id=doctor.clinic_id, doctor_id=doctor.id, patient_id=found.row.patient_id)
        require(self.caller, Action.CHANGE_APPOINTMENT, owner)
        check_override(self.caller, owner, self.move.override_reason)
        await self._read_type(pg, found.row, doctor.clinic_id)
        self.slot = slot = find(doctor, self.move.wanted, self.of_type)
        plan = _MovePlan(found, practitioner, slot, self.doctor_id)
        if plan.is_there_already:
            return plan
        for_others = acts_for_others(self.caller, Action.CHANGE_APPOINTMENT, owner)
        return replace(plan, waived=check_bookable(doctor.policy, doctor.zone, slot, self.now, for_others=for_others))

    async def _read_type(self, pg: Connection, row: AppointmentRow, clinic_id: str) -> None:
        """The type that the appointment keeps; only one that has a type asks for it."""
        if not row.type_id:
            return
        if row.clinic_id != clinic_id:
            raise DomainError(
                Reason.APPOINTMENT_TYPE_NOT_FOUND,
                "another clinic has other types of appointment: cancel this one and book a type of that clinic",
                metadata={"appointment_type_id": row.type_id},
            )
        if self.type.found is None:
            self.type = TypeToBook(row.type_id)
            await self.type.read(pg)

    def _moved(self, row: AppointmentRow, offer: OfferRow, waived: Waived, seat: Seat) -> AppointmentChange:
        reason = self.move.override_reason if seat.is_extra or waived else ""
        note = ", ".join(filter(None, (f"from {row.start_at:%Y-%m-%dT%H:%M:%SZ}", waived, reason)))
        left = row.clinic_id if row.clinic_id != offer.clinic_id else None
        return history.change_by(self.caller, row.patient_id, row.id, "rescheduled", note, left)
