"""Offers to move an appointment: until when they last, and what they hold."""

from datetime import datetime, timedelta
from enum import StrEnum

from server.domain.errors import DomainError, Reason

LASTS = timedelta(hours=24)
TELL_AGAIN_AFTER = timedelta(minutes=1)
"""How long after a message of an offer the next one may be sent."""
MOST_HELD = 2
"""How many alternatives are held for a patient."""


class MoveOfferStatus(StrEnum):
    """How far an offer is; the names are those of MoveOfferState in the contract."""

    WAITING = "waiting"
    """Alternatives are looked for."""
    OPEN = "open"
    ACCEPTED = "accepted"
    KEPT = "kept"
    """The patient wants the appointment as it is."""
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"
    """Staff ended it, or the appointment was cancelled or moved otherwise."""
    NONE_FREE = "none_free"


def lasts_until(start_at: datetime, now: datetime) -> datetime:
    """When an offer lapses: after 24 hours, or after half of the time left to the appointment, if that is sooner."""
    return now + min(LASTS, (start_at - now) / 2)


def check_alternatives(held: int) -> None:
    """Refuse one more alternative for an offer with so many (TOO_MANY_HOLDS)."""
    if held >= MOST_HELD:
        raise DomainError(
            Reason.TOO_MANY_HOLDS,
            f"{MOST_HELD} times are held for the offer: it has enough",
            metadata={"most": str(MOST_HELD)},
        )


def check_tell_again(status: MoveOfferStatus, told_at: datetime, now: datetime) -> None:
    """Refuse to send a live offer again that was not sent yet, or only just (STATUS_FORBIDS, TOO_MANY_ATTEMPTS)."""
    if status is MoveOfferStatus.WAITING:
        raise DomainError(
            Reason.STATUS_FORBIDS,
            "other times are still being looked for: the message goes out once they are held",
            metadata={"status": "WAITING"},
        )
    if (wait := told_at + TELL_AGAIN_AFTER - now) > timedelta():
        raise DomainError(
            Reason.TOO_MANY_ATTEMPTS, "the message went out less than a minute ago: wait for it", retry_after=wait
        )


def is_alternative() -> DomainError:
    """STATUS_FORBIDS, for who would book what is held as an alternative of another appointment."""
    return DomainError(
        Reason.STATUS_FORBIDS,
        "this time is kept as an alternative of another appointment: move that appointment to it instead",
        metadata={"status": "HELD"},
    )


def offer_ended() -> DomainError:
    """OFFER_ENDED."""
    return DomainError(
        Reason.OFFER_ENDED,
        "this offer is over, and its times are free for others: choose another time, or call the clinic",
    )


def not_among_its_times() -> DomainError:
    """OFFER_ENDED, for a time that an offer does not hold, or no longer."""
    return DomainError(
        Reason.OFFER_ENDED,
        "this time is not held for the offer: list the offers again to see which times are",
    )


def time_lost() -> DomainError:
    """OFFER_ENDED, for one of the times of an offer: the doctor is away then after all, say."""
    return DomainError(
        Reason.OFFER_ENDED,
        "this time is not offered any more: open the link again to see which times are left, or call the clinic",
    )
