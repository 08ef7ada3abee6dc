"""Appointments that take time: each is booked, moved or freed in a transaction of its own, by the rule of all bookings.

Who is in whose way is decided by `server.domain.booking.seating` under the locks of `appointments.day_locks`, as for a
booking by staff; but an imported visit need not fit the grid, and policies that bind patients are not asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from db.postgres import imports
from db.postgres.booking import appointments, booked_patients, days, hours
from db.postgres.booking.appointments import AppointmentRow, NewAppointment
from db.postgres.booking.feed import AppointmentChange
from server.domain.booking.appointment import ACTIVE, AppointmentStatus
from server.domain.booking.doctor import DoctorDay
from server.domain.booking.seating import Place, Seat, ran_out, seat_for
from server.domain.booking.slots import Period, Slot
from server.domain.errors import DomainError, Reason
from server.fhir.fields import Unusable, Withdrawn
from server.fhir.roles import GENERAL_PRACTICE
from server.usecases.appointments import history
from server.usecases.appointments.day_locks import PractitionerSchedule
from server.usecases.appointments.holds import expiry
from server.usecases.appointments.type_to_book import TypeToBook
from server.usecases.importing.batches import ACTOR, BatchContext, ImportCounts, Item
from server.usecases.importing.doctors import add_doctor, doctors_of
from server.usecases.importing.encounters import CHANGED, WITHDRAWN
from server.usecases.importing.matching import IdentifierIndex, others
from server.usecases.importing.upkeep import CHANGED_HERE, LastImport
from server.usecases.importing.visits import (
    AnyVisit,
    ResolvedVisit,
    VisitReferences,
    fields_of,
    has_news,
    only_visits,
)
from server.usecases.schedules.doctor_mapping import busy_at, busy_in, placement_of, visits_of

_LONGEST_VISIT = timedelta(days=2)
_WHAT_TO_DO = {
    Reason.SLOT_TAKEN: "its doctor has no free seat then: free one, or give --as-overrides, and run again",
    Reason.PATIENT_BUSY: "its patient has another appointment then: move or cancel one of the two, and run again",
}


def takes_time(visit: AnyVisit, now: datetime) -> bool:
    """Whether a visit is to be written alone: it takes time in the book, or may have taken some that is ahead."""
    if isinstance(visit, Withdrawn) or visit.status in ACTIVE:
        return True
    return visit.start.day >= (now - _LONGEST_VISIT).date()


async def book(context: BatchContext, items: Sequence[Item[AnyVisit]]) -> ImportCounts:
    """Book, move or free the time of an Appointment."""
    outcome, [item] = ImportCounts(), items
    with outcome.reporting(item.line):
        known = await IdentifierIndex.load(context, "appointment", [item.content])
        last_import = await LastImport.load(context, [item.content])
        row = await _row(context, known.linked_id(item.content))
        if row is None and isinstance(item.content, Withdrawn):
            raise Unusable(item.content.reason)
        if row and (await _is_told_elsewhere(context, item, row) or not has_news(last_import, item.content)):
            outcome.unchanged += 1
            return outcome
        if row and row.version != last_import.version(item.content.identifiers[0]):
            raise Unusable(CHANGED_HERE)
        await _Booking(context, item, known, last_import, row, outcome).write()
    return outcome


async def _row(context: BatchContext, appointment_id: str) -> AppointmentRow | None:
    return await (await appointments.get(context.pg, appointment_id)).fetchone() if appointment_id else None


async def _is_told_elsewhere(context: BatchContext, item: Item[AnyVisit], row: AppointmentRow) -> bool:
    """Whether an encounter says what happened."""
    visits = await imports.visits(context.pg, [row.id], f"{_source(item)}/Encounter")
    return any(each.has_encounter for each in visits)


def _source(item: Item[AnyVisit]) -> str:
    """The exporter, as the systems of its own ids begin."""
    return item.content.identifiers[0].system.rpartition("/")[0]


@dataclass(slots=True)
class _Booking:
    context: BatchContext
    item: Item[AnyVisit]
    known: IdentifierIndex
    last_import: LastImport
    row: AppointmentRow | None
    """As the import wrote it, if the book has it."""
    outcome: ImportCounts
    freed: set[DoctorDay] = field(default_factory=set)
    """The days that it occupies now."""

    async def write(self) -> None:
        """Do what the line says (Unusable)."""
        if self.row:
            busy = Period(self.row.start_at, self.row.busy_until)
            self.freed = (await self._schedule(self.row.doctor_id, days.NOTHING_BUSY)).days(
                self.row.doctor_id, self.row.date, busy
            )
        if not isinstance(self.item.content, Withdrawn):
            await self._place(await self._resolved())
        elif self.row:
            await self._lock(self.freed, self.row.patient_id)
            await appointments.set_status(self.context.pg, [self.row.id], AppointmentStatus.CANCELLED, self.context.now)
            await self._finish([AppointmentChange(self.row.id, "imported", ACTOR, WITHDRAWN)], self.row.id)

    async def _resolved(self) -> ResolvedVisit:
        period_of = lambda visit, zone: visit.period(zone)  # noqa: E731
        [visit] = only_visits([self.item])
        references = await VisitReferences.load(self.context, [visit], period_of)
        found = references.resolve(self.row.id if self.row else self.context.new_id(), visit)
        if self.row and self.row.patient_id != found.patient_id:
            raise Unusable("it belongs to another patient now: cancel it in the book if that is right")
        return found

    async def _place(self, visit: ResolvedVisit) -> None:
        """Take the place of a visit under the locks of its days (Unusable if somebody is in the way)."""
        pg, now = self.context.pg, self.context.now
        doctor_id = await self._doctor_of(visit)
        schedule = await self._schedule(doctor_id, days.NOTHING_BUSY)
        # What is over needs no room any more, and no time after it.
        of_type = TypeToBook((visit.end_at > now and visit.type_id) or "")
        await of_type.read(pg)
        slot = _with_buffer(schedule.doctor(doctor_id).slot_for(Period(visit.start_at, visit.end_at)), of_type)
        needed = schedule.days(doctor_id, slot.date, slot.occupied) | self.freed
        await self._lock(needed, visit.patient_id)
        await hours.keep(pg, doctor_id)
        found = await self._schedule(doctor_id, busy_in(slot))
        if found.doctors != schedule.doctors:
            raise self.context.locks.too_few(needed)
        offer, doctor = found.row(doctor_id), found.doctor(doctor_id)
        await of_type.send(pg, visit.patient_id, slot.occupied, for_others=True)
        around = visits_of(await (await booked_patients.of_patient_around(pg, visit.patient_id, slot.date)).fetchall())
        place = Place(doctor, slot, busy_at(offer.busy, slot), around, visit.id)
        seat, expired = Seat(1, is_extra=False), list[AppointmentChange]()
        if visit.visit.status in ACTIVE:
            seat = await self._seat(place)
            await self._choose(of_type, place)
            expired = await expiry.expire(pg, place, self.context.locks, now)
        new = NewAppointment(visit.id, visit.patient_id, visit.visit.status, visit.reason, visit.type_id)
        placement = placement_of(offer, slot, seat.number)
        await (appointments.replace if self.row else appointments.insert)(pg, new, placement, now)
        if of_type.found and of_type.found.kinds:
            await of_type.take(pg, visit.id)
        note = ", ".join(filter(None, (CHANGED if self.row else "", "an extra seat" if seat.is_extra else "")))
        await self._finish([*expired, AppointmentChange(visit.id, "imported", ACTOR, note)], visit.id)

    async def _doctor_of(self, visit: ResolvedVisit) -> str:
        found = (await doctors_of(self.context, [visit.pair])).get(visit.pair)
        if found is None:
            found = await add_doctor(self.context, visit.pair, GENERAL_PRACTICE)
            self.outcome.doctors += 1
        return found

    async def _schedule(self, doctor_id: str, busy: str) -> PractitionerSchedule:
        return PractitionerSchedule(
            await (await days.offers_of_practitioner(self.context.pg, doctor_id, busy)).fetchall()
        )

    async def _lock(self, needed: set[DoctorDay], patient_id: str) -> None:
        """Lock the days and the patient; refuse if the appointment has changed meanwhile (Unusable)."""
        locks = self.context.locks
        await locks.send(self.context.pg, needed, patient_id, self.context.now)
        await locks.take()
        if self.row and (await imports.lock_visits(self.context.pg, [self.row.id]))[self.row.id] != self.row.version:
            raise Unusable(CHANGED_HERE)

    async def _seat(self, place: Place) -> Seat:
        """The seat to take (Unusable, with both sides, if there is none)."""
        try:
            self.context.locks.check_patient_bookable()
            return seat_for(place, self.context.now, override=self.context.options.as_overrides)
        except DomainError as refused:
            if refused.reason not in _WHAT_TO_DO:
                raise Unusable(refused.message) from None
            raise Unusable(
                f"it conflicts with {await self._in_the_way(place, refused.reason)}: {_WHAT_TO_DO[refused.reason]}"
            ) from None

    async def _choose(self, of_type: TypeToBook, place: Place) -> None:
        """Choose the resources that its type needs (Unusable if one is not free)."""
        try:
            await of_type.choose(place.appointment_id, place.slot.occupied, self.context.now)
        except DomainError as refused:
            raise Unusable(
                f"its service needs a resource of the kind {refused.metadata['kind']}, and none is free then: free one,"
                " and run again"
            ) from None

    async def _in_the_way(self, place: Place, reason: Reason) -> str:
        """The other side of a conflict, by the exporter's ids as far as it has them."""
        now = self.context.now
        if reason is Reason.SLOT_TAKEN:
            met = [each.appointment_id for each in place.busy if not ran_out(each, now)]
        else:
            met = [
                each.appointment_id
                for each in place.visits
                if each.overlaps(place.slot.visit) and not ran_out(each, now)
            ]
        ids = sorted({*met} - {place.appointment_id})
        source = _source(self.item)
        names = await imports.exported_names(self.context.pg, ids, [f"{source}/Appointment", f"{source}/Encounter"])
        return " and ".join(names.get(each) or f"appointment {each} of the book" for each in ids)

    async def _finish(self, changes: Sequence[AppointmentChange], appointment_id: str) -> None:
        """Remember what was written; what happened goes last, since it locks the feeds of clinics."""
        content = self.item.content
        if self.row is None:
            self.outcome.note(self.item.line, map(others, self.known.left_out(content, appointment_id)))
            self.known.link(content, appointment_id)
            await self.known.save(self.context)
        self.last_import.note(content, fields_of(content), self.row.version + 1 if self.row else 1)
        await self.last_import.save()
        await history.record_changes(self.context.pg, changes, self.context.now)
        self.outcome.new += self.row is None
        self.outcome.changed += self.row is not None


def _with_buffer(slot: Slot, of_type: TypeToBook) -> Slot:
    """The slot with the buffer of a type after it."""
    if not of_type.found:
        return slot
    buffer = timedelta(minutes=of_type.found.buffer_minutes)
    return slot._replace(occupied=Period(slot.start_at, slot.end_at + buffer))
