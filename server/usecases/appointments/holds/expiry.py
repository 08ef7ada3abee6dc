"""Expired holds free their time for other bookings."""

from datetime import datetime

from db.postgres.booking import appointments
from db.postgres.booking.feed import AppointmentChange
from db.postgres.cluster.engines import Connection
from server.domain.booking.appointment import AppointmentStatus
from server.domain.booking.seating import Place, holds_to_expire
from server.usecases.appointments.day_locks import Locks

ACTOR = "hold-expiry"
"""Who expired a hold, in the history of the appointment."""


async def expire(pg: Connection, place: Place, locks: Locks, now: datetime) -> list[AppointmentChange]:
    """Set expired holds that conflict with a place to EXPIRED; their days must be locked (MoreDays).

    The caller records the returned changes together with its own.
    """
    if not (found := holds_to_expire(place, now)):
        return []
    locks.cover(set(found.values()))
    await appointments.set_status(pg, list(found), AppointmentStatus.EXPIRED, now)
    return [AppointmentChange(each, "expired", ACTOR) for each in found]
