"""Booking a slot: one transaction of two round trips to the database, or three if the doctor is new to the worker."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from db.postgres import appointments, days
from db.postgres.appointments import AppointmentRow, NewAppointment
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.days import BusyRow, OfferRow
from db.postgres.feed import AppointmentChange
from server.domain.appointment import Status
from server.domain.availability import Wanted, find
from server.domain.doctor import DoctorDay
from server.domain.errors import DomainError
from server.domain.identity import Action, Caller, Owner, require
from server.domain.ids import Clock, IdMaker
from server.domain.policies import check_bookable
from server.domain.slots import Slot
from server.usecases.appointments import history
from server.usecases.appointments.day_locks import Locks, MoreDays, Place, Practitioner, bookable, with_enough_days
from server.usecases.schedules.doctor_mapping import busy_in, meeting, placement_of, seen_at
from server.usecases.unit_of_work import Announce, Claim, Write, perform

M = TypeVar("M")

_MOST_SEEN = 1_000
_FEW_SEATS = 200
"""A day that has no more is read whole about as fast as what is in the way of one slot."""


@dataclass(frozen=True, slots=True)
class NewBooking:
    """What to book for whom; `override_reason`, if any, takes an extra seat of a full slot."""

    patient_id: str
    doctor_id: str
    wanted: Wanted
    reason: str
    override_reason: str


@dataclass(frozen=True, slots=True)
class Booked:
    """A booked appointment, and the revision of its day."""

    appointment: AppointmentRow
    revision: int


class Booking:
    """Books appointments."""

    def __init__(self, engine: Engine, clock: Clock, new_id: IdMaker, announce: Announce) -> None:
        self._engine = engine
        self._clock = clock
        self._new_id = new_id
        self._announce = announce
        self._seen: dict[str, Practitioner] = {}
        """Whom the last booking found, by doctor: it tells what to lock, and is looked at again under the locks."""

    async def create(self, caller: Caller, booking: NewBooking, write: Write[Booked, M]) -> M:
        """Book a slot; errors are those of CreateAppointment in the contract."""
        creation = _Creation(caller, booking, self._new_id(), self._clock(), booking.doctor_id)

        async def attempt(known: set[DoctorDay]) -> M:
            seen = None if known else self._seen.get(booking.doctor_id)
            return await perform(
                self._engine,
                write,
                lambda pg, claim: creation.run(pg, claim, known, seen),
                creation.now,
                self._announce,
            )

        async with bookable(self._engine, creation):
            answer = await with_enough_days(attempt)
        self._remember(booking.doctor_id, creation.practitioner)
        return answer

    def _remember(self, doctor_id: str, found: Practitioner | None) -> None:
        if found is None or (doctor_id in self._seen and self._seen[doctor_id].doctors == found.doctors):
            return
        if len(self._seen) >= _MOST_SEEN:
            self._seen.clear()
        self._seen[doctor_id] = found.outlined()


@dataclass(slots=True)
class _Creation:
    caller: Caller
    booking: NewBooking
    appointment_id: str
    now: datetime
    doctor_id: str
    slot: Slot | None = None
    practitioner: Practitioner | None = None
    """As found under the locks."""

    async def run(self, pg: Connection, claim: Claim, known: set[DoctorDay], seen: Practitioner | None) -> Booked:
        doctor_id, patient_id = self.doctor_id, self.booking.patient_id
        before, slot = await self._planned(pg, claim, seen)

        locks = Locks(claim, before.days(doctor_id, slot.date, slot.occupied) | known, patient_id)
        await locks.send(pg, self.now)
        of_day = before.doctor(doctor_id).slots_on(slot.date)
        if len(of_day) * slot.seats <= _FEW_SEATS:
            # Read whole, the day is known as it is after the booking.
            sent = await days.offers_of_practitioner_on(pg, doctor_id, slot.date, busy_in(*of_day))
        else:
            sent = await days.offers_of_practitioner(pg, doctor_id, busy_in(slot))
        sent_others = await appointments.of_patient_around(pg, patient_id, slot.date)
        await claim.settle()
        await locks.take()
        self.practitioner = practitioner = Practitioner(await sent.fetchall())
        if practitioner.doctors != before.doctors:
            # New hours, say: what was locked may be too little.
            raise MoreDays(before.days(doctor_id, slot.date, slot.occupied))

        doctor, offer = practitioner.doctor(doctor_id), practitioner.row(doctor_id)
        others = await sent_others.fetchall()
        place = Place(doctor, slot, meeting(offer.busy, slot), others, self.appointment_id)
        seat = place.seat(self.now, override=bool(self.booking.override_reason))
        expired = await place.expire_holds(pg, locks, self.now)
        await self._insert(pg, offer, slot, seat, expired)
        if offer.date:
            mine = BusyRow(self.appointment_id, doctor_id, slot.date, seat, slot.start_at, slot.occupied.end_at, None)
            claim.offers.append(offer._replace(busy=[*offer.busy, mine]))
        return Booked(self._view(offer, slot, locks.patient_name), locks.revisions[doctor_id, slot.date])

    async def _planned(self, pg: Connection, claim: Claim, seen: Practitioner | None) -> tuple[Practitioner, Slot]:
        """The slot to book, and the practitioner whose it is."""
        if seen:
            with suppress(DomainError):  # what is not possible by what was seen may be by now
                return seen, self._plan(seen)
        sent = await days.offers_of_practitioner(pg, self.doctor_id, days.NEVER)
        await claim.settle()
        practitioner = Practitioner(await sent.fetchall())
        return practitioner, self._plan(practitioner)

    def _plan(self, practitioner: Practitioner) -> Slot:
        doctor = practitioner.doctor(self.doctor_id)
        owner = Owner(clinic_id=doctor.clinic_id, doctor_id=doctor.id, patient_id=self.booking.patient_id)
        require(self.caller, Action.CREATE_APPOINTMENT, owner)
        if self.booking.override_reason:
            require(self.caller, Action.OVERRIDE_CAPACITY, owner)
        self.slot = slot = find(doctor, self.booking.wanted)
        check_bookable(doctor.policy, doctor.zone, day=slot.date, start_at=slot.start_at, now=self.now)
        return slot

    async def _insert(
        self, pg: Connection, offer: OfferRow, slot: Slot, seat: int, expired: Sequence[AppointmentChange]
    ) -> None:
        new = NewAppointment(self.appointment_id, self.booking.patient_id, Status.SCHEDULED, self.booking.reason)
        await appointments.insert(pg, new, placement_of(offer, slot, seat), self.now)
        event = "overridden" if seat > slot.seats else "booked"
        note = self.booking.override_reason if seat > slot.seats else ""
        booked = AppointmentChange(self.appointment_id, event, self.caller.id, note)
        await history.record(pg, [*expired, booked], self.now)

    def _view(self, offer: OfferRow, slot: Slot, patient_name: str) -> AppointmentRow:
        return AppointmentRow(
            id=self.appointment_id,
            patient_id=self.booking.patient_id,
            patient_name=patient_name,
            **seen_at(offer, slot),
            status=Status.SCHEDULED,
            reason=self.booking.reason,
            version=1,
            created_at=self.now,
            updated_at=self.now,
        )
