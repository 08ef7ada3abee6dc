"""Notices to patients: which change leads to which, how they reach somebody, when they are tried again and given up."""

from datetime import datetime, timedelta
from enum import StrEnum

from server.domain.appointment import Status


class NoticeKind(StrEnum):
    """What a notice says."""

    CONFIRMATION = "confirmation"
    CHANGE = "change"
    CANCELLATION = "cancellation"
    REMINDER = "reminder"
    WITHDRAWAL = "withdrawal"
    """To an address that holds an appointment's calendar entry, and hears no more of the appointment."""
    SECURITY_WARNING = "security_warning"
    CONTACT_CODE = "contact_code"
    """To a patient's new address or number: the code that confirms it."""
    CONTACT_CHANGED = "contact_changed"
    """To the address or number that a patient had until now."""
    DETAILS_CHANGED = "details_changed"
    """Somebody of clinics where the patient has no appointment changed what is known of the patient."""


ADDRESSED = frozenset(
    {NoticeKind.WITHDRAWAL, NoticeKind.CONTACT_CODE, NoticeKind.CONTACT_CHANGED, NoticeKind.DETAILS_CHANGED}
)
"""Notices for one address or number, whatever else reaches the patient when they are sent."""


class Channel(StrEnum):
    """How a notice reaches somebody."""

    EMAIL = "email"
    SMS = "sms"
    NONE = "none"
    """There is neither address nor number."""


class Delivery(StrEnum):
    """How far a notice is."""

    PLANNED = "planned"
    """Its time has not come."""
    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    DEAD = "dead"
    """A dead letter: nobody sends it unless a person says so."""
    DROPPED = "dropped"
    """Nobody needs it any more."""


class DeliveryOutcome(StrEnum):
    """Why a notice is dead or dropped, or what its last attempt came to."""

    NONE = ""
    OUTCOME_UNKNOWN = "outcome_unknown"
    """It was handed over and no answer came: sent again, it might arrive twice."""
    REFUSED = "refused"
    """The provider will never take it."""
    FAILED = "failed"
    """The provider could not take it."""
    NO_ADDRESS = "no_address"
    """There was neither address nor number when it was to be sent."""
    BAD_ADDRESS = "bad_address"
    """The address is none that mail can be sent to: nobody was asked to take it."""
    SUPERSEDED = "superseded"
    """The appointment has changed since."""
    EXPIRED = "expired"
    """It came too late to be of use."""


KIND_OF_EVENT = {
    "booked": NoticeKind.CONFIRMATION,
    "overridden": NoticeKind.CONFIRMATION,
    "confirmed": NoticeKind.CONFIRMATION,
    "rescheduled": NoticeKind.CHANGE,
    "cancelled": NoticeKind.CANCELLATION,
}
"""Which events in an appointment's history the patient hears of."""

REMIND_BEFORE = timedelta(hours=24)
WARNING_LASTS = timedelta(days=3)
"""How long a security warning is of use."""
PAUSES = (timedelta(seconds=1), timedelta(seconds=3), timedelta(seconds=9))
"""Before each attempt after the first."""


def channel_for(email: str, phone: str) -> tuple[Channel, str]:
    """The channel to somebody, and the recipient: email if there is an address, because it carries the entry."""
    if email:
        return Channel.EMAIL, email
    return (Channel.SMS, phone) if phone else (Channel.NONE, "")


def left_behind(kind: NoticeKind, holder: str, recipient: str) -> bool:
    """Whether a notice changes a calendar entry that another address holds, and leaves that one behind."""
    return kind in {NoticeKind.CHANGE, NoticeKind.CANCELLATION} and holder not in {"", recipient}


def pause_after(attempts: int) -> timedelta | None:
    """How long to wait after so many attempts that failed; None if they were all."""
    return PAUSES[attempts - 1] if attempts <= len(PAUSES) else None


def still_true(kind: NoticeKind, status: Status, starts_at: datetime, said_to_start_at: datetime) -> bool:
    """Whether an appointment is as a notice about it says."""
    if kind is NoticeKind.WITHDRAWAL:
        return True
    if kind is NoticeKind.CANCELLATION:
        return status is Status.CANCELLED
    return status is Status.SCHEDULED and starts_at == said_to_start_at
