"""The states of an appointment and the steps between them."""

from enum import StrEnum

from server.domain.errors import DomainError, Reason


class Status(StrEnum):
    """The state of an appointment; the values are those stored in the database."""

    HELD = "held"
    SCHEDULED = "scheduled"
    CHECKED_IN = "checked_in"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    NO_SHOW = "no_show"


ACTIVE = frozenset({Status.HELD, Status.SCHEDULED, Status.CHECKED_IN, Status.IN_PROGRESS})
"""The states that occupy a slot; the exclusion constraints of the database name the same ones."""

STEPS = {
    Status.HELD: {Status.SCHEDULED, Status.CANCELLED, Status.EXPIRED},
    Status.SCHEDULED: {Status.CHECKED_IN, Status.CANCELLED, Status.NO_SHOW},
    Status.CHECKED_IN: {Status.IN_PROGRESS, Status.CANCELLED, Status.NO_SHOW},
    Status.IN_PROGRESS: {Status.COMPLETED},
    Status.COMPLETED: set[Status](),
    Status.CANCELLED: set[Status](),
    Status.EXPIRED: set[Status](),
    Status.NO_SHOW: set[Status](),
}

FROM_FHIR_ENCOUNTER = {
    "planned": Status.SCHEDULED,
    "arrived": Status.CHECKED_IN,
    "triaged": Status.CHECKED_IN,
    "in-progress": Status.IN_PROGRESS,
    "onleave": Status.IN_PROGRESS,
    "finished": Status.COMPLETED,
    "cancelled": Status.CANCELLED,
    # Of R5:
    "on-hold": Status.IN_PROGRESS,
    "discharged": Status.COMPLETED,
    "completed": Status.COMPLETED,
    "discontinued": Status.CANCELLED,
}
"""By the EncounterStatus of FHIR R4 and R5; `entered-in-error` and `unknown` do not stand for an appointment."""


def check_step(current: Status, following: Status) -> None:
    """Refuse a step that is not in STEPS (STATUS_FORBIDS)."""
    if following not in STEPS[current]:
        raise _forbidden(current, f"become {following.name}")


def check_movable(current: Status) -> None:
    """Refuse to move an appointment that is neither held nor scheduled (STATUS_FORBIDS)."""
    if current not in {Status.HELD, Status.SCHEDULED}:
        raise _forbidden(current, "move to another slot")


def _forbidden(current: Status, step: str) -> DomainError:
    return DomainError(
        Reason.STATUS_FORBIDS,
        f"the appointment is {current.name} and cannot {step}: get it to see how it stands",
        metadata={"status": current.name},
    )
