"""Time off: how long it may be, and what happens to the appointments in it."""

from datetime import datetime, timedelta
from enum import StrEnum

from server.domain.booking.appointment import AppointmentStatus
from server.domain.booking.slots import Period
from server.domain.errors import invalid

LONGEST = timedelta(days=62)
MOST_APPOINTMENTS = 1_000
"""How many appointments one time off meets at most."""
MOST_AHEAD = 200
"""How many time offs a doctor has at most that are not over."""


class TimeOffAction(StrEnum):
    """What to do with an appointment in a time off; the names are those of TimeOffAction in the contract."""

    KEEP = "keep"
    CANCEL = "cancel"
    OFFER_MOVE = "offer_move"


def check_period(period: Period, now: datetime) -> None:
    """Refuse a time off that is empty, over, or too long (INVALID_REQUEST)."""
    if period.end_at <= period.start_at:
        raise invalid("end_time", "must be after start_time")
    if period.end_at <= now:
        raise invalid("end_time", "is past: time off that is over changes nothing")
    if period.end_at - period.start_at > LONGEST:
        raise invalid("end_time", f"is more than {LONGEST.days} days after start_time: make several, one after another")


def check_number(met: int, ahead: int) -> None:
    """Refuse a time off that meets too many appointments, or one too many of a doctor (INVALID_REQUEST)."""
    if met > MOST_APPOINTMENTS:
        raise invalid(
            "end_time", f"more than {MOST_APPOINTMENTS} appointments are in it: make several that are shorter"
        )
    if ahead >= MOST_AHEAD:
        raise invalid("doctor_id", f"has {MOST_AHEAD} times off ahead: delete some, or change the working hours")


def is_offered_a_move(action: TimeOffAction, status: str) -> bool:
    """Whether the patient of an appointment is to be offered a move: not of a hold, and not if they have come."""
    return action is TimeOffAction.OFFER_MOVE and status == AppointmentStatus.SCHEDULED


def is_cancelled(action: TimeOffAction, status: str) -> bool:
    """Whether an appointment is to be cancelled: who has come is kept."""
    return action is TimeOffAction.CANCEL and status in {AppointmentStatus.HELD, AppointmentStatus.SCHEDULED}
