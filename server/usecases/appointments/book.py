"""Books a slot: one transaction of two round trips to the database, or three if the doctor is new to the worker.

Statements that do not need each other's answers are sent together, in one pipeline:

    1    claim the request_id, lock the days, lock the patient, read the offers and visits    is a seat free?
    2    insert the appointment, record the history, store the answer, COMMIT                 booked
"""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, TypeVar

from cachetools import LRUCache

from db.postgres.booking import appointments, booked_patients, days, hours
from db.postgres.booking.appointments import NewAppointment
from db.postgres.booking.days import OfferRow
from db.postgres.cluster.engines import Connection, Engine, Sent
from server.domain.booking.appointment import AppointmentStatus
from server.domain.booking.appointment_types import AppointmentType
from server.domain.booking.availability import Wanted, find
from server.domain.booking.doctor import Doctor
from server.domain.booking.policies import HOLD_LASTS, Waived, check_bookable
from server.domain.booking.seating import Place, Seat, seat_for
from server.domain.booking.slots import Slot
from server.domain.errors import DomainError
from server.domain.identity import Caller
from server.domain.ids import Clock, IdMaker
from server.domain.rights import Action, Owner, acts_for_others, require
from server.telemetry.traces import span
from server.usecases.appointments import history
from server.usecases.appointments.alternatives import with_alternatives
from server.usecases.appointments.booked import Booked, day_after, row_of
from server.usecases.appointments.booking_limits import BookingLimits
from server.usecases.appointments.changeable import check_override
from server.usecases.appointments.day_locks import Locks, PractitionerSchedule
from server.usecases.appointments.holds import expiry
from server.usecases.appointments.type_to_book import TypeToBook
from server.usecases.idempotency import Claim, Write
from server.usecases.schedules.doctor_mapping import busy_at, busy_in, placement_of, visits_of
from server.usecases.unit_of_work import Announce, Changes, perform

M = TypeVar("M")

_MOST_SEEN = 1_000
_FEW_SEATS = 200
"""A day with at most this many seats is read whole about as fast as the conflicts of one slot."""


class NewBooking(NamedTuple):
    """What to book and for whom; with an `override_reason`, a full slot gets an extra seat."""

    patient_id: str
    doctor_id: str
    wanted: Wanted
    reason: str
    override_reason: str
    type_id: str = ""
    """Empty for a visit of one slot."""
    hold: bool = False
    """Whether the slot is only held, to be confirmed in some minutes."""
    offer: tuple[str, datetime] | None = None
    """If it is held as an alternative of an offer: who holds it, and until when. No limit of holds counts it."""


class Booker:
    """Books appointments."""

    def __init__(self, engine: Engine, clock: Clock, new_id: IdMaker, announce: Announce) -> None:
        self._engine = engine
        self._clock = clock
        self._new_id = new_id
        self._announce = announce
        self._seen: LRUCache[str, PractitionerSchedule] = LRUCache(_MOST_SEEN)
        """The practitioner that the last booking found, by doctor: a guess at what to lock, checked under the locks."""

    async def create(self, caller: Caller, booking: NewBooking, write: Write[Booked, M]) -> M:
        """Book or hold a slot; errors are those of CreateAppointment and HoldSlot in the contract."""
        doctor_id = booking.doctor_id
        expected = self._seen.get(doctor_id)
        creation = _Creation(
            caller,
            booking,
            self._new_id(),
            self._clock(),
            doctor_id,
            expected,
            TypeToBook(booking.type_id),
            BookingLimits(
                caller.id,
                booking.patient_id,
                hold=booking.hold and not booking.offer,
                offer=booking.offer[0] if booking.offer else "",
            ),
        )
        try:
            async with with_alternatives(self._engine, creation):
                return await perform(
                    self._engine, write, creation.run, creation.now, lambda booked: self._announce(booked.changes)
                )
        finally:
            # Also after a refused booking: a doctor whose slots are taken gets the most requests.
            if (read := creation.practitioner_read) and (not expected or expected.doctors != read.doctors):
                self._seen[doctor_id] = read.outlined()


class _BookingPlan(NamedTuple):
    """The slot to book and its practitioner, as planned before the locks; either may have changed since."""

    practitioner: PractitionerSchedule
    doctor: Doctor
    slot: Slot
    waived: Waived
    for_others: bool


class _UnderLocks(NamedTuple):
    """What was read under the locks, and therefore stays true until COMMIT."""

    offer: OfferRow
    place: Place


@dataclass(slots=True)
class _Creation:
    caller: Caller
    booking: NewBooking
    appointment_id: str
    now: datetime
    doctor_id: str
    expected: PractitionerSchedule | None
    """The practitioner as this worker's last booking found it."""
    type: TypeToBook
    limits: BookingLimits
    locks: Locks = field(default_factory=Locks)
    slot: Slot | None = None
    practitioner_read: PractitionerSchedule | None = None
    """The practitioner as read under the locks."""

    @property
    def of_type(self) -> AppointmentType | None:
        """The type to book, if there is one."""
        return self.type.found

    async def run(self, pg: Connection, claim: Claim) -> Booked:
        with span("plan"):
            plan = await self._plan(pg, claim)
        with span("lock and read"):
            under_locks = await self._lock_and_read(pg, claim, plan)
        with span("seat"):
            seat = seat_for(under_locks.place, self.now, override=bool(self.booking.override_reason))
            await self.type.choose(self.appointment_id, plan.slot.occupied, self.now)
        with span("write"):
            return await self._write(pg, under_locks, seat, plan.waived)

    async def _plan(self, pg: Connection, claim: Claim) -> _BookingPlan:
        """Plan from what the last booking saw, if there was one: this says which days to lock, but decides nothing."""
        await self.type.read(pg, claim)
        if self.expected and not self.locks.were_too_few:
            with suppress(DomainError):  # what was impossible then may be possible now
                return self._check_and_plan(self.expected)
        sent = await days.offers_of_practitioner(pg, self.doctor_id, days.NOTHING_BUSY)
        await claim.wait_or_answer()
        return self._check_and_plan(PractitionerSchedule(await sent.fetchall()))

    def _check_and_plan(self, practitioner: PractitionerSchedule) -> _BookingPlan:
        """Check the caller's rights and find the slot; a refusal needs the slot too, to name the nearest free ones."""
        doctor = practitioner.doctor(self.doctor_id)
        owner = Owner(clinic_id=doctor.clinic_id, doctor_id=doctor.id, patient_id=self.booking.patient_id)
        require(self.caller, Action.CREATE_APPOINTMENT, owner)
        check_override(self.caller, owner, self.booking.override_reason)
        self.slot = slot = find(doctor, self.booking.wanted, self.type.at(doctor.clinic_id))
        for_others = acts_for_others(self.caller, Action.CREATE_APPOINTMENT, owner)
        waived = check_bookable(doctor.policy, doctor.zone, slot, self.now, for_others=for_others)
        return _BookingPlan(practitioner, doctor, slot, waived, for_others)

    async def _lock_and_read(self, pg: Connection, claim: Claim, plan: _BookingPlan) -> _UnderLocks:
        """Lock what the plan touches, then read everything that decides; the plan is used only if that confirms it."""
        doctor, slot, patient_id = plan.doctor, plan.slot, self.booking.patient_id
        needed = plan.practitioner.days(self.doctor_id, slot.date, slot.occupied)
        await self.locks.send(pg, needed, patient_id, self.now)
        if plan.waived is Waived.HORIZON:
            await hours.keep(pg, self.doctor_id)
        sent = await self._send_offers(pg, plan)
        sent_visits = await booked_patients.of_patient_around(pg, patient_id, slot.date)
        await self.type.send(pg, patient_id, slot.occupied, for_others=plan.for_others)
        await self.limits.send(pg, doctor.clinic_id, doctor.policy, self.now, for_others=plan.for_others)
        await self.locks.take(claim)
        self.locks.check_patient_bookable()
        await self.type.check(for_others=plan.for_others)
        self.practitioner_read = practitioner = PractitionerSchedule(await sent.fetchall())
        if practitioner.doctors != plan.practitioner.doctors:
            # For example new hours: the slot may no longer exist, and the locked days may be too few.
            raise self.locks.too_few(needed)
        offer, visits = practitioner.row(self.doctor_id), visits_of(await sent_visits.fetchall())
        await self.limits.check()
        return _UnderLocks(offer, Place(doctor, slot, busy_at(offer.busy, slot), visits, self.appointment_id))

    async def _send_offers(self, pg: Connection, plan: _BookingPlan) -> Sent[OfferRow]:
        doctor_id, slot = self.doctor_id, plan.slot
        of_day = plan.doctor.slots_on(slot.date)
        if len(of_day) * slot.seats <= _FEW_SEATS:
            # Once the whole day is read, its state after the booking is known too, and need not be read again.
            whole = busy_in(*of_day[:1], *of_day[-1:], slot)  # slots do not overlap: the last one ends last
            return await days.offers_of_practitioner_on(pg, doctor_id, slot.date, whole)
        return await days.offers_of_practitioner(pg, doctor_id, busy_in(slot))

    async def _write(self, pg: Connection, under_locks: _UnderLocks, seat: Seat, waived: Waived) -> Booked:
        offer, slot = under_locks.offer, under_locks.place.slot
        new = self._new()
        event = "held" if new.held_until else "overridden" if seat.is_extra else "booked"
        reason = self.booking.override_reason if seat.is_extra or waived else ""
        note = ", ".join(filter(None, (waived, reason)))
        expired = await expiry.expire(pg, under_locks.place, self.locks, self.now)
        await appointments.insert(pg, new, placement_of(offer, slot, seat.number), self.now)
        if self.type.chosen:
            await self.type.take(pg, self.appointment_id)
        booked = history.change_by(self.caller, self.booking.patient_id, self.appointment_id, event, note)
        await history.record_changes(pg, [*expired, booked], self.now)
        row = row_of(offer, new, slot, self.locks.patient_name, self.type, self.now)
        changes = Changes(self.locks.rows(), day_after(offer, new, slot, seat.number))
        return Booked(row, self.locks.revisions[self.doctor_id, slot.date], changes)

    def _new(self) -> NewAppointment:
        whose = (self.appointment_id, self.booking.patient_id)
        what = (self.booking.reason, self.booking.type_id or None)
        if not self.booking.hold:
            return NewAppointment(*whose, AppointmentStatus.SCHEDULED, *what)
        held_by, held_until = self.booking.offer or (self.caller.id, self.now + HOLD_LASTS)
        return NewAppointment(*whose, AppointmentStatus.HELD, *what, held_until, held_by)
