"""Notices to patients: which change causes which, how they are delivered, and when they are retried or given up."""

from datetime import datetime, timedelta
from enum import StrEnum

from server.domain.booking.appointment import AppointmentStatus
from server.domain.people.contacts import takes_messages


class NoticeKind(StrEnum):
    """What a notice says."""

    CONFIRMATION = "confirmation"
    CHANGE = "change"
    CANCELLATION = "cancellation"
    REMINDER = "reminder"
    WITHDRAWAL = "withdrawal"
    """To an address that holds an appointment's calendar entry, but gets no further notices about the appointment."""
    SECURITY_WARNING = "security_warning"
    SECOND_FACTOR_REMOVED = "second_factor_removed"
    """To the owner of an account, who may not be the one who removed its second factor."""
    RECOVERY_CODES_RENEWED = "recovery_codes_renewed"
    """The same of its recovery codes."""
    CONTACT_CODE = "contact_code"
    """To a patient's new address or number: the code that confirms it."""
    CONTACT_CHANGED = "contact_changed"
    """To the address or number that a patient had until now."""
    DETAILS_CHANGED = "details_changed"
    """Somebody at a clinic that the patient does not belong to changed the patient's data."""
    REGISTRATION_CODE = "registration_code"
    """To somebody who registers: the code that confirms the email."""
    REGISTRATION_KNOWN = "registration_known"
    """To the owner of an account with whose email somebody tried to register."""
    INVITATION = "invitation"
    """To the owner of a new account: the link that sets its password."""
    PASSWORD_RESET = "password_reset"
    """To the owner of an account: the link that sets a new password."""
    REPRESENTATIVE_ADDED = "representative_added"
    """To a patient and to who acts for the patient from now on, each in their own words."""
    REPRESENTATIVE_ENDED = "representative_ended"
    """To a patient and to who no longer acts for the patient, each in their own words."""
    TURN = "turn"
    """To a patient who waits at the clinic: few are called before."""
    MOVE_OFFER = "move_offer"
    """The appointment cannot stay as it is: times that are held for the patient, and the link that answers."""


ADDRESSED = frozenset(
    {
        NoticeKind.WITHDRAWAL,
        NoticeKind.CONTACT_CODE,
        NoticeKind.CONTACT_CHANGED,
        NoticeKind.DETAILS_CHANGED,
        NoticeKind.REGISTRATION_CODE,
        NoticeKind.REGISTRATION_KNOWN,
    }
)
"""Notices for one particular address or number, even if the patient has another one when they are sent."""
ANSWERED = frozenset({NoticeKind.CONFIRMATION, NoticeKind.CHANGE, NoticeKind.REMINDER, NoticeKind.MOVE_OFFER})
"""Notices of an appointment ahead: their link confirms, moves or cancels it."""
OF_PASSWORDS = frozenset({NoticeKind.INVITATION, NoticeKind.PASSWORD_RESET})
"""Notices whose link sets the password of an account: without the link they are of no use."""


class Channel(StrEnum):
    """How a notice is delivered."""

    EMAIL = "email"
    SMS = "sms"
    NONE = "none"
    """The patient has neither an address nor a number."""


class Delivery(StrEnum):
    """How far the delivery of a notice has come."""

    PLANNED = "planned"
    """It is not due yet."""
    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    DEAD = "dead"
    """A dead letter: it is not sent again unless staff retry it."""
    DROPPED = "dropped"
    """It is no longer needed."""


class DeliveryOutcome(StrEnum):
    """Why a notice is dead or dropped, or how its last attempt ended."""

    NONE = ""
    OUTCOME_UNKNOWN = "outcome_unknown"
    """It was handed to the provider and no answer came: if it were sent again, it might arrive twice."""
    REFUSED = "refused"
    """The provider will never accept it."""
    FAILED = "failed"
    """The provider could not accept it."""
    NO_ADDRESS = "no_address"
    """The patient had neither an address nor a number when it was due."""
    BAD_ADDRESS = "bad_address"
    """Mail cannot be sent to such an address: no provider was asked to accept it."""
    SUPERSEDED = "superseded"
    """The appointment has changed since."""
    EXPIRED = "expired"
    """It came too late to be of use."""


DEAD_OUTCOMES = (
    DeliveryOutcome.OUTCOME_UNKNOWN,
    DeliveryOutcome.REFUSED,
    DeliveryOutcome.FAILED,
    DeliveryOutcome.BAD_ADDRESS,
)
"""The outcomes of dead letters; notices with other outcomes are dropped, and nobody has to look after them."""


KIND_OF_EVENT = {
    "booked": NoticeKind.CONFIRMATION,
    "overridden": NoticeKind.CONFIRMATION,
    "confirmed": NoticeKind.CONFIRMATION,
    "rescheduled": NoticeKind.CHANGE,
    "cancelled": NoticeKind.CANCELLATION,
    "imported": NoticeKind.REMINDER,
    "move_offered": NoticeKind.MOVE_OFFER,
}
"""The events in an appointment's history that the patient is notified of. Of what was imported the patient knows
already, so that only the reminder is left to send."""

KIND_OF_SECURITY_EVENT = {
    "refresh_token_reused": NoticeKind.SECURITY_WARNING,
    "second_factor_removed": NoticeKind.SECOND_FACTOR_REMOVED,
    "second_factor_reset": NoticeKind.SECOND_FACTOR_REMOVED,
    "recovery_codes_renewed": NoticeKind.RECOVERY_CODES_RENEWED,
    "representative_added": NoticeKind.REPRESENTATIVE_ADDED,
    "representative_ended": NoticeKind.REPRESENTATIVE_ENDED,
}
"""The security events of an account that its owner is told of."""

REMIND_BEFORE = timedelta(hours=24)
TURN_LASTS = timedelta(hours=1)
"""How long it is useful to say that a turn comes soon."""
WARNING_LASTS = timedelta(days=3)
"""How long a security warning is useful."""
PAUSES = (timedelta(seconds=1), timedelta(seconds=3), timedelta(seconds=9))
"""The pause before each attempt after the first."""


def channel_for(email: str, phone: str) -> tuple[Channel, str]:
    """The channel and the recipient: email if there is an address, because an email carries the calendar entry.

    A number with an extension gets no messages.
    """
    if email:
        return Channel.EMAIL, email
    return (Channel.SMS, phone) if phone and takes_messages(phone) else (Channel.NONE, "")


def left_behind(kind: NoticeKind, holder: str, recipient: str) -> bool:
    """Whether a notice changes a calendar entry that another address holds, so that the entry there is out of date."""
    return kind in {NoticeKind.CHANGE, NoticeKind.CANCELLATION} and holder not in {"", recipient}


def pause_after(attempts: int) -> timedelta | None:
    """How long to wait after this many failed attempts; None if there are no more attempts."""
    return PAUSES[attempts - 1] if attempts <= len(PAUSES) else None


def still_true(kind: NoticeKind, status: AppointmentStatus, starts_at: datetime, said_to_start_at: datetime) -> bool:
    """Whether what a notice says about an appointment still holds."""
    if kind is NoticeKind.WITHDRAWAL:
        return True
    if kind is NoticeKind.TURN:
        return status is AppointmentStatus.CHECKED_IN
    if kind is NoticeKind.CANCELLATION:
        return status is AppointmentStatus.CANCELLED
    return status is AppointmentStatus.SCHEDULED and starts_at == said_to_start_at
