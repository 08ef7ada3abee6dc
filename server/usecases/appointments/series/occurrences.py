"""One date of a series: its slot, its seat, or why it is refused."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time

from db.postgres.booking.appointments import AppointmentRow
from db.postgres.booking.feed import AppointmentChange
from db.postgres.cluster.engines import Connection
from server.domain.booking.appointment_types import AppointmentType
from server.domain.booking.availability import Wanted, find
from server.domain.booking.doctor import Doctor
from server.domain.booking.policies import Waived, check_bookable
from server.domain.booking.seating import Place, Seat, seat_for
from server.domain.booking.slots import Period, Slot, instants
from server.domain.errors import DomainError, Reason
from server.domain.identity import Caller
from server.usecases.appointments import history
from server.usecases.appointments.alternatives import alternatives_of
from server.usecases.appointments.type_to_book import TypeToBook

_WITH_ALTERNATIVES = {Reason.SLOT_TAKEN, Reason.RESOURCE_TAKEN, Reason.SLOT_NOT_OFFERED}


@dataclass(slots=True)
class Occurrence:
    """A date of a series; `place`, `seat` and `type` are set once it has taken its place."""

    date: date
    slot: Slot
    """Where it is refused because nothing is offered, the time that was asked for."""
    waived: Waived = Waived.NOTHING
    refusal: DomainError | None = None
    place: Place = field(init=False)
    seat: Seat = field(init=False)
    type: TypeToBook = field(init=False)
    row: AppointmentRow | None = None
    """The appointment, once it is booked."""

    @property
    def id(self) -> str:
        """The id of the appointment that takes the place."""
        return self.place.appointment_id

    def take(
        self, place: Place, of_type: TypeToBook, in_use: AppointmentType | None, now: datetime, *, override: bool
    ) -> None:
        """Take a seat, with `override` an extra one, and what the type needs, or note why that cannot be."""
        try:
            seat = seat_for(place, now, override=override)
            chosen = replace(of_type)
            chosen.choose_from(in_use, place.appointment_id, place.slot.occupied, now)
        except DomainError as error:
            self.refusal = error
            return
        self.place, self.seat, self.type = place, seat, chosen

    def change(self, event: str, caller: Caller, patient_id: str, override_reason: str) -> AppointmentChange:
        """What the history says of it; that of a booking in a full slot is `overridden`."""
        reason = override_reason if self.seat.is_extra or self.waived else ""
        happened = "overridden" if self.seat.is_extra else event
        note = ", ".join(filter(None, (self.waived, reason)))
        return history.change_by(caller, patient_id, self.id, happened, note)


def planned(
    doctor: Doctor, day: date, time_slot: str, of_type: AppointmentType | None, now: datetime, *, for_others: bool
) -> Occurrence:
    """The slot of a day that the series wants, or why there is none."""
    found = Occurrence(day, _as_wanted(doctor, day, time_slot))
    try:
        found.slot = find(doctor, Wanted(day, time_slot, None), of_type)
        found.waived = check_bookable(doctor.policy, doctor.zone, found.slot, now, for_others=for_others)
    except DomainError as error:
        found.refusal = error
    return found


async def add_alternatives(
    pg: Connection, doctor_id: str, each: Occurrence, now: datetime, of_type: AppointmentType | None
) -> None:
    """Add the nearest free slots to why a date is refused, if another time helps."""
    if each.refusal and each.refusal.reason in _WITH_ALTERNATIVES:
        each.refusal.alternatives = await alternatives_of(pg, doctor_id, each.slot, now, of_type)


def _as_wanted(doctor: Doctor, day: date, time_slot: str) -> Slot:
    wall = datetime.combine(day, time.fromisoformat(time_slot))
    found = instants(wall, doctor.zone)
    start_at = found[0] if found else wall.replace(tzinfo=doctor.zone)
    return Slot(day, time_slot, start_at, start_at, Period(start_at, start_at), seats=0)
