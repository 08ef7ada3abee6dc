"""Checks whether a caller may see or change an appointment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from db.postgres.booking import appointments, days
from db.postgres.booking.appointments import AppointmentRow
from db.postgres.booking.days import DayRow, OfferRow
from db.postgres.cluster.engines import Connection, Sent
from db.postgres.queue.tickets import TicketRow
from server.domain.booking.doctor import DoctorDay
from server.domain.booking.policies import check_changeable
from server.domain.booking.slots import Period, Slot
from server.domain.errors import Reason, not_found
from server.domain.identity import Caller
from server.domain.reasons import check_reason
from server.domain.rights import Action, Owner, acts_for_others, may, require
from server.usecases.appointments.day_locks import PractitionerSchedule
from server.usecases.unit_of_work import Changes


@dataclass(frozen=True, slots=True)
class Changed:
    """A changed appointment, and the revisions of all days that changed with it, by doctor and date."""

    appointment: AppointmentRow
    revisions: Sequence[DayRow]
    ticket: TicketRow | None = None
    """The appointment's ticket in the queue, if it has one now."""

    @property
    def revision(self) -> int:
        """The revision of the appointment's own day."""
        day = (self.appointment.doctor_id, self.appointment.date)
        return next(row.revision for row in self.revisions if (row.doctor_id, row.date) == day)

    @property
    def changes(self) -> Changes:
        """The changes to announce."""
        return Changes(self.revisions)


@dataclass(frozen=True, slots=True)
class Changeable:
    """An appointment that the caller may change, and its practitioner."""

    row: AppointmentRow
    practitioner: PractitionerSchedule

    def days(self) -> set[DoctorDay]:
        """The days whose slots the appointment occupies."""
        return self.practitioner.days(self.row.doctor_id, self.row.date, Period(self.row.start_at, self.row.busy_until))

    @property
    def slot(self) -> Slot:
        """The time that it takes, as a slot."""
        row = self.row
        occupied = Period(row.start_at, row.busy_until)
        return Slot(row.date, "", row.start_at, row.end_at, occupied, seats=1)

    def check_in_time(self, caller: Caller, now: datetime) -> None:
        """Refuse a change that comes too late (TOO_LATE_TO_CHANGE)."""
        policy = self.practitioner.doctor(self.row.doctor_id).policy
        for_others = acts_for_others(caller, Action.CHANGE_APPOINTMENT, owner_of(self.row))
        check_changeable(policy, Period(self.row.start_at, self.row.end_at), now, for_others=for_others)


@dataclass(frozen=True, slots=True)
class ChangeableQuery:
    """An appointment and its practitioner that were queried in a pipeline, and whose answers have yet to arrive."""

    appointment_id: str
    row: Sent[AppointmentRow]
    offers: Sent[OfferRow]

    @staticmethod
    async def send(pg: Connection, appointment_id: str, busy: str) -> "ChangeableQuery":
        """Send the queries for them, and for what occupies the practitioner in the period `busy` (tstzrange)."""
        return ChangeableQuery(
            appointment_id,
            await appointments.get(pg, appointment_id),
            await days.offers_of_appointment(pg, appointment_id, busy),
        )

    async def fetch(self, caller: Caller, action: Action = Action.CHANGE_APPOINTMENT) -> Changeable:
        """Wait for the answers, and check that the caller may make the change (APPOINTMENT_NOT_FOUND, NOT_ALLOWED)."""
        row = visible(caller, await self.row.fetchone(), self.appointment_id, action)
        require(caller, action, owner_of(row))
        return Changeable(row, PractitionerSchedule(await self.offers.fetchall()))


def check_override(caller: Caller, owner: Owner, reason: str) -> None:
    """Whether a full slot may get an extra seat for that reason, if one is given (NOT_ALLOWED, INVALID_REQUEST)."""
    if reason:
        require(caller, Action.OVERRIDE_CAPACITY, owner)
        check_reason("override_reason", reason)


def owner_of(row: AppointmentRow) -> Owner:
    """Whom an appointment belongs to."""
    return Owner(clinic_id=row.clinic_id, doctor_id=row.doctor_id, patient_id=row.patient_id)


def visible(
    caller: Caller, row: AppointmentRow | None, appointment_id: str, action: Action = Action.SEE_APPOINTMENT
) -> AppointmentRow:
    """An appointment, if the caller may see it or do the action to it (APPOINTMENT_NOT_FOUND)."""
    if row is not None and any(may(caller, each, owner_of(row)) for each in (Action.SEE_APPOINTMENT, action)):
        return row
    raise not_found(Reason.APPOINTMENT_NOT_FOUND, "appointment", appointment_id)
