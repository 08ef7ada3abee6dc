"""The caller: who calls, with which roles, for which clinics, and on behalf of which patients."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from server.domain.errors import DomainError, Reason


class Role(StrEnum):
    """Roles that an access token names."""

    PATIENT = "patient"
    DOCTOR = "doctor"
    STAFF = "staff"
    ADMIN = "admin"
    DISPLAY = "display"
    SYSTEM = "system"
    KIOSK = "kiosk"
    VISITOR = "visitor"
    """Whoever calls without a token; no account has this role."""

    # Enum's own __hash__ is written in Python, and every permission check needs it several times.
    __hash__ = str.__hash__


class Relation(StrEnum):
    """What a representative is to the patient for whom it acts."""

    PARENT = "parent"
    GUARDIAN = "guardian"
    CARER = "carer"


class Represented(NamedTuple):
    """How an account acts for another patient."""

    representative_id: str
    relation: Relation
    sees_records: bool


ALL_CLINICS = "*"
"""In a token, stands for every clinic of the group: for a call centre or a group-wide system."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The verified subject of an access token."""

    id: str
    roles: frozenset[Role]
    clinic_ids: frozenset[str]
    patient_id: str | None
    doctor_id: str | None
    expires_at: datetime
    issued_at: int = 0
    """When the token was issued, in whole seconds since 1970; 0 without a token."""
    generation: int = 0
    """The account's generation when the token was issued; raising it ends all of the account's sessions."""
    session_id: str = ""
    """The session that the token is of; empty for devices and systems."""
    second_factor_missing: bool = False
    """May only set up a second factor, which the account needs and does not have."""
    represents: Mapping[str, Represented] = field(default_factory=dict, hash=False)
    """Other patients for whom the account acts, by id, as the token says; `patient_id` is not among them."""

    def relation_to(self, patient_id: str) -> str:
        """What the caller is to a patient whom it represents; empty for all others."""
        found = self.represents.get(patient_id)
        return found.relation if found else ""

    @property
    def is_visitor(self) -> bool:
        """Whether it is somebody without a token."""
        return Role.VISITOR in self.roles

    @property
    def is_outsider(self) -> bool:
        """Whether it is nobody of any clinic: a patient, or somebody without a token."""
        return self.roles <= {Role.PATIENT, Role.VISITOR}


def token_missing() -> DomainError:
    """TOKEN_MISSING, for a call without a token that needs one."""
    return DomainError(Reason.TOKEN_MISSING, "sign in: send an access token as `authorization: Bearer TOKEN`")


def roles_of(names: Iterable[str]) -> frozenset[Role]:
    """The roles that names stand for; unknown names are ignored, so that a new role grants nothing by accident."""
    known = set(Role)
    return frozenset(Role(name) for name in names if name in known)
