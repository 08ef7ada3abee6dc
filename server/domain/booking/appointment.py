"""The states of an appointment and the steps between them."""

from datetime import datetime, timedelta
from enum import StrEnum

from server.domain.errors import DomainError, Reason


class AppointmentStatus(StrEnum):
    """The state of an appointment; the values are those stored in the database."""

    HELD = "held"
    """Kept for a few minutes while a booking is completed."""
    SCHEDULED = "scheduled"
    CHECKED_IN = "checked_in"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    """A hold that was given back or ran out."""
    NO_SHOW = "no_show"


ACTIVE = frozenset(
    {AppointmentStatus.HELD, AppointmentStatus.SCHEDULED, AppointmentStatus.CHECKED_IN, AppointmentStatus.IN_PROGRESS}
)
"""The states that occupy a slot; the exclusion constraints of the database name the same ones."""

STEPS = {
    AppointmentStatus.HELD: {AppointmentStatus.SCHEDULED, AppointmentStatus.CANCELLED, AppointmentStatus.EXPIRED},
    AppointmentStatus.SCHEDULED: {AppointmentStatus.CHECKED_IN, AppointmentStatus.CANCELLED, AppointmentStatus.NO_SHOW},
    AppointmentStatus.CHECKED_IN: {
        AppointmentStatus.IN_PROGRESS,
        AppointmentStatus.CANCELLED,
        AppointmentStatus.NO_SHOW,
    },
    AppointmentStatus.IN_PROGRESS: {AppointmentStatus.COMPLETED},
    AppointmentStatus.COMPLETED: set[AppointmentStatus](),
    AppointmentStatus.CANCELLED: set[AppointmentStatus](),
    AppointmentStatus.EXPIRED: set[AppointmentStatus](),
    # Who comes late after all is checked in.
    AppointmentStatus.NO_SHOW: {AppointmentStatus.CHECKED_IN},
}

BACK = {
    AppointmentStatus.CHECKED_IN: AppointmentStatus.SCHEDULED,
    AppointmentStatus.IN_PROGRESS: AppointmentStatus.CHECKED_IN,
    AppointmentStatus.COMPLETED: AppointmentStatus.IN_PROGRESS,
    AppointmentStatus.NO_SHOW: AppointmentStatus.SCHEDULED,
}
"""The steps back, for mistakes. What the patient was told of is final."""

CHECK_IN_OPENS = timedelta(hours=12)
"""How long before the start somebody can be checked in; an earlier one is about another day's appointment."""

FROM_FHIR_ENCOUNTER = {
    "planned": AppointmentStatus.SCHEDULED,
    "arrived": AppointmentStatus.CHECKED_IN,
    "triaged": AppointmentStatus.CHECKED_IN,
    "in-progress": AppointmentStatus.IN_PROGRESS,
    "onleave": AppointmentStatus.IN_PROGRESS,
    "finished": AppointmentStatus.COMPLETED,
    "cancelled": AppointmentStatus.CANCELLED,
    # Of R5:
    "on-hold": AppointmentStatus.IN_PROGRESS,
    "discharged": AppointmentStatus.COMPLETED,
    "completed": AppointmentStatus.COMPLETED,
    "discontinued": AppointmentStatus.CANCELLED,
}
"""By the EncounterStatus of FHIR R4 and R5; `entered-in-error` and `unknown` do not stand for an appointment."""

FROM_FHIR_APPOINTMENT = {
    # Some have not accepted yet, but the time is taken.
    "pending": AppointmentStatus.SCHEDULED,
    "booked": AppointmentStatus.SCHEDULED,
    "arrived": AppointmentStatus.CHECKED_IN,
    "checked-in": AppointmentStatus.CHECKED_IN,
    "fulfilled": AppointmentStatus.COMPLETED,
    "cancelled": AppointmentStatus.CANCELLED,
    "noshow": AppointmentStatus.NO_SHOW,
}
"""By the AppointmentStatus of FHIR R4 and R5; `proposed` and `waitlist` take no time, `entered-in-error` is none."""

TO_FHIR_APPOINTMENT = {
    AppointmentStatus.SCHEDULED: "booked",
    AppointmentStatus.CHECKED_IN: "checked-in",
    AppointmentStatus.IN_PROGRESS: "checked-in",
    AppointmentStatus.COMPLETED: "fulfilled",
    AppointmentStatus.CANCELLED: "cancelled",
    AppointmentStatus.NO_SHOW: "noshow",
}
"""The AppointmentStatus of FHIR R4, which has none for a visit that goes on. Holds are not exported."""


def check_step(current: AppointmentStatus, following: AppointmentStatus) -> None:
    """Refuse a step that is not in STEPS (STATUS_FORBIDS)."""
    if following not in STEPS[current]:
        raise _forbidden(current, f"become {following.name}")


def check_still(current: AppointmentStatus, expected: AppointmentStatus) -> None:
    """Refuse a step that was decided on for another status (STATUS_FORBIDS)."""
    if current is not expected:
        raise _forbidden(current, f"take a step that is meant for {expected.name}")


def status_before(current: AppointmentStatus) -> AppointmentStatus:
    """The state that a step back leads to (STATUS_FORBIDS if there is none)."""
    if current not in BACK:
        raise _forbidden(current, "be set back")
    return BACK[current]


def check_time_of_step(following: AppointmentStatus, start_at: datetime, now: datetime) -> None:
    """Refuse a check-in on another day, and a no-show before the start (TOO_EARLY)."""
    opens_at = {
        AppointmentStatus.CHECKED_IN: start_at - CHECK_IN_OPENS,
        AppointmentStatus.NO_SHOW: start_at,
    }.get(following, now)
    if now < opens_at:
        raise DomainError(
            Reason.TOO_EARLY,
            f"the appointment cannot become {following.name} yet: look whether it is the right one, or wait until"
            " opens_at",
            metadata={"opens_at": f"{opens_at:%Y-%m-%dT%H:%M:%SZ}"},
        )


def check_self_check_in(start_at: datetime, end_at: datetime, opens: timedelta, now: datetime) -> None:
    """Refuse patients who check in by themselves too long before the start (TOO_EARLY) or after the end."""
    if now < start_at - opens:
        raise DomainError(
            Reason.TOO_EARLY,
            "it is too early to check in: come back at opens_at, or ask at the desk",
            metadata={"opens_at": f"{start_at - opens:%Y-%m-%dT%H:%M:%SZ}"},
        )
    if now >= end_at:
        raise DomainError(Reason.TOO_LATE_TO_CHANGE, "the appointment is over: ask at the desk")


def check_held(current: AppointmentStatus, following: AppointmentStatus) -> None:
    """Refuse to end, in that state, an appointment that is no hold any more (STATUS_FORBIDS)."""
    if current is not AppointmentStatus.HELD:
        raise _forbidden(current, f"become {following.name} as a hold does")


def check_not_expired(held_until: datetime | None, now: datetime) -> None:
    """Refuse to confirm a hold that has run out (HOLD_EXPIRED)."""
    if held_until is None or held_until <= now:
        raise DomainError(Reason.HOLD_EXPIRED, "the hold has run out: hold or book the slot again if it is still free")


def check_movable(current: AppointmentStatus) -> None:
    """Refuse to move an appointment that is neither held nor scheduled (STATUS_FORBIDS)."""
    if current not in {AppointmentStatus.HELD, AppointmentStatus.SCHEDULED}:
        raise _forbidden(current, "move to another slot")


def check_occupies(current: AppointmentStatus) -> None:
    """Refuse to change what an appointment occupies that occupies nothing any more (STATUS_FORBIDS)."""
    if current not in ACTIVE:
        raise _forbidden(current, "get another room or device")


def _forbidden(current: AppointmentStatus, step: str) -> DomainError:
    return DomainError(
        Reason.STATUS_FORBIDS,
        f"the appointment is {current.name} and cannot {step}: get it to see how it stands",
        metadata={"status": current.name},
    )
