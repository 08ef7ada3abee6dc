"""What a booking answers, and how its day looks after it, without reading either again."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from db.postgres.booking.appointments import AppointmentRow, NewAppointment
from db.postgres.booking.days import BusyRow, OfferRow
from server.domain.booking.slots import Slot
from server.usecases.appointments.type_to_book import TypeToBook
from server.usecases.schedules.doctor_mapping import seen_at
from server.usecases.unit_of_work import Changes


class Booked(NamedTuple):
    """A booked appointment, the revision of its day, and the changes to announce."""

    appointment: AppointmentRow
    revision: int
    changes: Changes


def day_after(offer: OfferRow, new: NewAppointment, slot: Slot, seat: int) -> Sequence[OfferRow]:
    """The day with the new appointment, if the offer was read with the whole day."""
    if not offer.date:
        return ()
    start_at, end_at = slot.occupied
    mine = BusyRow(new.id, offer.doctor_id, slot.date, seat, start_at, end_at, new.held_until)
    return [offer._replace(busy=[*offer.busy, mine])]


def row_of(
    offer: OfferRow, new: NewAppointment, slot: Slot, patient_name: str, of_type: TypeToBook, now: datetime
) -> AppointmentRow:
    """The new appointment as a read would give it."""
    return AppointmentRow(
        id=new.id,
        patient_id=new.patient_id,
        patient_name=patient_name,
        **seen_at(offer, slot),
        status=new.status,
        reason=new.reason,
        version=1,
        created_at=now,
        updated_at=now,
        type_id=new.type_id,
        type_name=of_type.found.name if of_type.found else None,
        resources=of_type.resources,
        held_until=new.held_until,
        series_id=new.series_id,
    )
