"""What every path that books, moves or frees a slot goes through: locks, revisions, holds, conflicts.

The order of locks is the same everywhere, so that no two writes wait for each other: the claim of the request, then
the days of doctors sorted by (doctor_id, date), then the patient; last, with `changes.record`, the feeds of clinics.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol, TypeVar

from db.errors import Conflict, ConstraintViolated
from db.postgres import appointments, days
from db.postgres.appointments import AppointmentRow, PatientDayRow
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.days import BusyRow, DayRow, OfferRow
from db.postgres.feed import AppointmentChange
from server.domain.appointment import Status
from server.domain.availability import nearest
from server.domain.doctor import Doctor, DoctorDay, days_touched
from server.domain.errors import Alternatives, DomainError, Reason, not_found
from server.domain.identity import Action, Caller, Owner, may
from server.domain.policies import check_daily_limit
from server.domain.slots import Period, Slot, free_seats
from server.usecases.schedules.doctor_mapping import busy_of, doctor_of
from server.usecases.unit_of_work import Claim, read, refusals

T = TypeVar("T")

_LARGER_SETS = 5
_DAYS_OF_ALTERNATIVES = 7
_GUARD = "guard"


class MoreDays(Exception):
    """The locked days do not suffice: roll back and lock these as well."""

    def __init__(self, needed: set[DoctorDay]) -> None:
        super().__init__()
        self.needed = needed


async def with_enough_days(attempt: Callable[[set[DoctorDay]], Awaitable[T]]) -> T:
    """Run a transaction that is told which days to lock besides its own, until they suffice."""
    known: set[DoctorDay] = set()
    for _ in range(_LARGER_SETS):
        try:
            return await attempt(known)
        except MoreDays as more:
            known |= more.needed
    with refusals():
        raise Conflict("the schedule keeps changing while it is being locked")


class Practitioner:
    """One person: the doctors that the person is, and what occupies the person around a day."""

    def __init__(self, rows: Sequence[OfferRow]) -> None:
        self._rows = {row.doctor_id: row for row in rows}
        self.doctors = {row.doctor_id: doctor_of(row) for row in rows}

    def outlined(self) -> "Practitioner":
        """The same, but for what occupies the person: small enough to be kept."""
        return Practitioner([row._replace(busy=()) for row in self._rows.values()])

    def row(self, doctor_id: str) -> OfferRow:
        """What is offered as one of the doctors (DOCTOR_NOT_FOUND)."""
        if doctor_id not in self._rows:
            raise not_found(Reason.DOCTOR_NOT_FOUND, "doctor", doctor_id)
        return self._rows[doctor_id]

    def doctor(self, doctor_id: str) -> Doctor:
        """One of the doctors (DOCTOR_NOT_FOUND)."""
        return self.doctors[self.row(doctor_id).doctor_id]

    def days(self, doctor_id: str, day: date, period: Period) -> set[DoctorDay]:
        """The days whose slots change when the practitioner is occupied, or free again, for a period."""
        return {(doctor_id, day)} | days_touched(self.doctors.values(), period)


class Locks:
    """The locks of a write on days and a patient; what is read after `send` holds until the transaction ends."""

    def __init__(self, claim: Claim, needed: set[DoctorDay], patient_id: str) -> None:
        self._claim = claim
        self._needed = needed
        self._patient_id = patient_id
        self.revisions: dict[DoctorDay, int] = {}
        self.patient_name = ""

    async def send(self, pg: Connection, now: datetime) -> None:
        """Ask for the locks; each day gets its next revision with its lock."""
        self._sent_days = await days.raise_revisions(pg, self._needed, now)
        self._sent_patient = await appointments.lock_patient(pg, self._patient_id)

    async def take(self) -> None:
        """Wait for the locks (PATIENT_NOT_FOUND)."""
        for row in await self._sent_days.fetchall():
            self.revisions[row.doctor_id, row.date] = row.revision
            self._claim.changed.append(row)
        patient = await self._sent_patient.fetchone()
        if patient is None:
            raise not_found(Reason.PATIENT_NOT_FOUND, "patient", self._patient_id)
        self.patient_name = patient[0]

    def rows(self) -> list[DayRow]:
        """The new revisions, by doctor and date."""
        return [DayRow(doctor_id, day, revision) for (doctor_id, day), revision in sorted(self.revisions.items())]

    def cover(self, needed: set[DoctorDay]) -> None:
        """Make sure that these days are locked (MoreDays)."""
        if not needed <= self._needed:
            raise MoreDays(needed)


@dataclass(frozen=True, slots=True)
class Place:
    """A slot that an appointment is to take, and what stands around it under the locks."""

    doctor: Doctor
    slot: Slot
    busy: Sequence[BusyRow]
    """What meets the slot."""
    others: Sequence[PatientDayRow]
    """The patient's active appointments around the day."""
    appointment_id: str
    """The appointment that takes the place; it is not in its own way."""

    def seat(self, now: datetime, *, override: bool = False) -> int:
        """The seat to take: the first free one, or with `override` one more than there are.

        Raises SLOT_TAKEN, PATIENT_BUSY and DAILY_LIMIT_REACHED.
        """
        busy = busy_of(self.busy, without=self.appointment_id)
        seats = free_seats(self.slot, self.doctor.id, busy, now)
        if not seats and not override:
            raise slot_taken(self.doctor.id, self.slot)
        mine = [other for other in self.others if other.id != self.appointment_id and not _ran_out(other, now)]
        if any(Period(other.start_at, other.end_at).overlaps(self._visit) for other in mine):
            raise patient_busy(self.slot)
        same_day = [o for o in mine if o.clinic_id == self.doctor.clinic_id and o.date == self.slot.date]
        check_daily_limit(self.doctor.policy, len(same_day))
        if seats:
            return seats[0]
        return max(self.slot.seats, *(other.seat for other in busy)) + 1

    async def expire_holds(self, pg: Connection, locks: Locks, now: datetime) -> list[AppointmentChange]:
        """Move holds that have run out and stand in the way to EXPIRED; their days must be locked (MoreDays).

        What happened to them is for the caller to record together with its own change.
        """
        in_the_way = {row.appointment_id: (row.doctor_id, row.date) for row in self.busy if _ran_out(row, now)} | {
            row.id: (row.doctor_id, row.date)
            for row in self.others
            if _ran_out(row, now) and Period(row.start_at, row.end_at).overlaps(self._visit)
        }
        if in_the_way:
            locks.cover(set(in_the_way.values()))
            await appointments.set_status(pg, list(in_the_way), Status.EXPIRED, now)
        return [AppointmentChange(each, "expired", _GUARD) for each in in_the_way]

    @property
    def _visit(self) -> Period:
        return Period(self.slot.start_at, self.slot.end_at)


def _ran_out(row: BusyRow | PatientDayRow, now: datetime) -> bool:
    return row.held_until is not None and row.held_until <= now


def slot_taken(doctor_id: str, slot: Slot) -> DomainError:
    """SLOT_TAKEN, still without alternatives."""
    return DomainError(
        Reason.SLOT_TAKEN,
        "the slot is taken: pick one of the alternatives, or list the available slots",
        metadata={"doctor_id": doctor_id, "start_time": f"{slot.start_at:%Y-%m-%dT%H:%M:%SZ}"},
    )


def patient_busy(slot: Slot) -> DomainError:
    """PATIENT_BUSY."""
    return DomainError(
        Reason.PATIENT_BUSY,
        "the patient has another appointment at that time: pick another slot, or move that appointment first",
        metadata={"start_time": f"{slot.start_at:%Y-%m-%dT%H:%M:%SZ}"},
    )


class Planning(Protocol):
    """A write that has found, or not yet found, the slot that it is about."""

    now: datetime
    doctor_id: str
    slot: Slot | None


@asynccontextmanager
async def bookable(engine: Engine, planning: Planning) -> AsyncIterator[None]:
    """Turn the refusal of an exclusion constraint, which has the last word, into its error; give alternatives."""
    refusal: DomainError | None = None
    try:
        yield
    except ConstraintViolated as violated:
        if planning.slot is None or violated.constraint not in _OVERLAPS:
            raise
        refusal = _OVERLAPS[violated.constraint](planning.doctor_id, planning.slot)
    except DomainError as error:
        refusal = error
    if refusal is not None:
        if refusal.reason is Reason.SLOT_TAKEN and planning.slot is not None:
            refusal.alternatives = await _alternatives(engine, planning.doctor_id, planning.slot, planning.now)
        raise refusal


async def _alternatives(engine: Engine, doctor_id: str, slot: Slot, now: datetime) -> Alternatives | None:
    first, last = slot.date - timedelta(days=1), slot.date + timedelta(days=_DAYS_OF_ALTERNATIVES)

    async def work(pg: Connection) -> OfferRow | None:
        return await (await days.offer(pg, doctor_id, first, last)).fetchone()

    row = await read(engine, work)
    return row and nearest(doctor_of(row), slot, busy_of(row.busy), now, _DAYS_OF_ALTERNATIVES)


_OVERLAPS: dict[str, Callable[[str, Slot], DomainError]] = {
    "appointments_no_overlap": slot_taken,
    "appointments_practitioner_no_overlap": slot_taken,
    "appointments_patient_no_overlap": lambda _, slot: patient_busy(slot),
}


def owner_of(row: AppointmentRow) -> Owner:
    """Whom an appointment concerns."""
    return Owner(clinic_id=row.clinic_id, doctor_id=row.doctor_id, patient_id=row.patient_id)


def visible(caller: Caller, row: AppointmentRow | None, appointment_id: str) -> AppointmentRow:
    """An appointment, if the caller may know of it (APPOINTMENT_NOT_FOUND)."""
    if row is not None and may(caller, Action.SEE_APPOINTMENT, owner_of(row)):
        return row
    raise not_found(Reason.APPOINTMENT_NOT_FOUND, "appointment", appointment_id)
