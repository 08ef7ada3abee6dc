"""Which objects a caller reaches, to filter lists by."""

from typing import NamedTuple

from server.domain.identity import ALL_CLINICS, Caller
from server.domain.rights import RULES, Action, Scope, not_allowed


class Reach(NamedTuple):
    """Which objects a caller reaches with an action, to filter lists by: `everything`, or what any field matches."""

    everything: bool
    clinic_ids: frozenset[str]
    doctor_id: str | None
    patient_ids: frozenset[str]


def reach(caller: Caller, action: Action) -> Reach:
    """The objects that all roles of the caller together reach (NOT_ALLOWED if none of them permits the action)."""
    rules = RULES[action]
    scopes = [rules[role] for role in caller.roles if role in rules]
    if not scopes:
        raise not_allowed(action)
    return Reach(
        everything=Scope.ANY in scopes or (Scope.CLINIC in scopes and ALL_CLINICS in caller.clinic_ids),
        clinic_ids=caller.clinic_ids if Scope.CLINIC in scopes else frozenset(),
        doctor_id=caller.doctor_id if Scope.OWN_DOCTOR in scopes else None,
        patient_ids=_patients(caller) if Scope.OWN_PATIENT in scopes else frozenset(),
    )


def _patients(caller: Caller) -> frozenset[str]:
    own = {caller.patient_id} if caller.patient_id else set()
    return frozenset(own.union(caller.represents))
