"""Why a call fails: reasons, their kinds, and the one exception that carries them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from server.domain.booking.alternatives import Alternative
    from server.domain.booking.slots import Slot


class ErrorKind(Enum):
    """What sort of failure it is; the wire form has one status code per kind."""

    INVALID = "INVALID_ARGUMENT"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "PERMISSION_DENIED"
    NOT_FOUND = "NOT_FOUND"
    OCCUPIED = "ALREADY_EXISTS"
    REFUSED = "FAILED_PRECONDITION"
    CONFLICT = "ABORTED"
    TOO_LATE = "DEADLINE_EXCEEDED"
    OVERLOADED = "RESOURCE_EXHAUSTED"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL = "INTERNAL"


class Reason(StrEnum):
    """The reasons of ErrorReason in the contract, each with its kind."""

    kind: ErrorKind

    def __new__(cls, name: str, kind: ErrorKind) -> "Reason":
        """Make the member a string that carries its kind."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.kind = kind
        return member

    INVALID_REQUEST = "INVALID_REQUEST", ErrorKind.INVALID
    TOKEN_MISSING = "TOKEN_MISSING", ErrorKind.UNAUTHENTICATED
    TOKEN_INVALID = "TOKEN_INVALID", ErrorKind.UNAUTHENTICATED
    TOKEN_EXPIRED = "TOKEN_EXPIRED", ErrorKind.UNAUTHENTICATED
    NOT_ALLOWED = "NOT_ALLOWED", ErrorKind.FORBIDDEN
    CLINIC_NOT_FOUND = "CLINIC_NOT_FOUND", ErrorKind.NOT_FOUND
    PRACTITIONER_NOT_FOUND = "PRACTITIONER_NOT_FOUND", ErrorKind.NOT_FOUND
    DOCTOR_NOT_FOUND = "DOCTOR_NOT_FOUND", ErrorKind.NOT_FOUND
    PATIENT_NOT_FOUND = "PATIENT_NOT_FOUND", ErrorKind.NOT_FOUND
    APPOINTMENT_NOT_FOUND = "APPOINTMENT_NOT_FOUND", ErrorKind.NOT_FOUND
    APPOINTMENT_TYPE_NOT_FOUND = "APPOINTMENT_TYPE_NOT_FOUND", ErrorKind.NOT_FOUND
    APPOINTMENT_TYPE_NOT_OFFERED = "APPOINTMENT_TYPE_NOT_OFFERED", ErrorKind.REFUSED
    APPOINTMENT_TYPE_EXISTS = "APPOINTMENT_TYPE_EXISTS", ErrorKind.OCCUPIED
    HOLD_EXPIRED = "HOLD_EXPIRED", ErrorKind.REFUSED
    TOO_MANY_HOLDS = "TOO_MANY_HOLDS", ErrorKind.REFUSED
    OPEN_LIMIT_REACHED = "OPEN_LIMIT_REACHED", ErrorKind.REFUSED
    RESOURCE_NOT_FOUND = "RESOURCE_NOT_FOUND", ErrorKind.NOT_FOUND
    RESOURCE_EXISTS = "RESOURCE_EXISTS", ErrorKind.OCCUPIED
    RESOURCE_TAKEN = "RESOURCE_TAKEN", ErrorKind.OCCUPIED
    TIME_OFF_NOT_FOUND = "TIME_OFF_NOT_FOUND", ErrorKind.NOT_FOUND
    REPRESENTATIVE_NOT_FOUND = "REPRESENTATIVE_NOT_FOUND", ErrorKind.NOT_FOUND
    REPRESENTATIVE_EXISTS = "REPRESENTATIVE_EXISTS", ErrorKind.OCCUPIED
    TOO_MANY_REPRESENTATIVES = "TOO_MANY_REPRESENTATIVES", ErrorKind.REFUSED
    LANE_NOT_FOUND = "LANE_NOT_FOUND", ErrorKind.NOT_FOUND
    TICKET_NOT_FOUND = "TICKET_NOT_FOUND", ErrorKind.NOT_FOUND
    LANE_EMPTY = "LANE_EMPTY", ErrorKind.REFUSED
    LANE_CLOSED = "LANE_CLOSED", ErrorKind.REFUSED
    LANE_FULL = "LANE_FULL", ErrorKind.REFUSED
    RECORD_NOT_FOUND = "RECORD_NOT_FOUND", ErrorKind.NOT_FOUND
    NOT_TREATING = "NOT_TREATING", ErrorKind.FORBIDDEN
    SLOT_TAKEN = "SLOT_TAKEN", ErrorKind.OCCUPIED
    PATIENT_BUSY = "PATIENT_BUSY", ErrorKind.OCCUPIED
    PATIENT_INACTIVE = "PATIENT_INACTIVE", ErrorKind.REFUSED
    REASON_REQUIRED = "REASON_REQUIRED", ErrorKind.FORBIDDEN
    IDENTIFIER_RESERVED = "IDENTIFIER_RESERVED", ErrorKind.FORBIDDEN
    IDENTIFIER_TAKEN = "IDENTIFIER_TAKEN", ErrorKind.OCCUPIED
    DOCTOR_EXISTS = "DOCTOR_EXISTS", ErrorKind.OCCUPIED
    SLOT_NOT_OFFERED = "SLOT_NOT_OFFERED", ErrorKind.REFUSED
    AMBIGUOUS_LOCAL_TIME = "AMBIGUOUS_LOCAL_TIME", ErrorKind.INVALID
    SPECIALTY_NOT_FOUND = "SPECIALTY_NOT_FOUND", ErrorKind.NOT_FOUND
    TOO_SHORT_NOTICE = "TOO_SHORT_NOTICE", ErrorKind.REFUSED
    BEYOND_HORIZON = "BEYOND_HORIZON", ErrorKind.REFUSED
    DAILY_LIMIT_REACHED = "DAILY_LIMIT_REACHED", ErrorKind.REFUSED
    TOO_LATE_TO_CHANGE = "TOO_LATE_TO_CHANGE", ErrorKind.REFUSED
    STATUS_FORBIDS = "STATUS_FORBIDS", ErrorKind.REFUSED
    TOO_EARLY = "TOO_EARLY", ErrorKind.REFUSED
    SESSIONS_OVERLAP = "SESSIONS_OVERLAP", ErrorKind.INVALID
    VALID_FROM_IN_PAST = "VALID_FROM_IN_PAST", ErrorKind.REFUSED
    REVISION_NOT_REACHED = "REVISION_NOT_REACHED", ErrorKind.REFUSED
    FEED_COMPACTED = "FEED_COMPACTED", ErrorKind.REFUSED
    ETAG_MISMATCH = "ETAG_MISMATCH", ErrorKind.CONFLICT
    REQUEST_ID_REUSED = "REQUEST_ID_REUSED", ErrorKind.INVALID
    TRANSACTION_CONFLICT = "TRANSACTION_CONFLICT", ErrorKind.CONFLICT
    PAGE_TOO_DEEP = "PAGE_TOO_DEEP", ErrorKind.INVALID
    SEARCH_TOO_BROAD = "SEARCH_TOO_BROAD", ErrorKind.INVALID
    PAGE_TOKEN_INVALID = "PAGE_TOKEN_INVALID", ErrorKind.INVALID
    DEADLINE_TOO_SHORT = "DEADLINE_TOO_SHORT", ErrorKind.TOO_LATE
    DEADLINE_PASSED = "DEADLINE_PASSED", ErrorKind.TOO_LATE
    OVERLOADED = "OVERLOADED", ErrorKind.OVERLOADED
    TOO_MANY_STREAMS = "TOO_MANY_STREAMS", ErrorKind.OVERLOADED
    DATABASE_UNAVAILABLE = "DATABASE_UNAVAILABLE", ErrorKind.UNAVAILABLE
    NOTIFICATION_NOT_FOUND = "NOTIFICATION_NOT_FOUND", ErrorKind.NOT_FOUND
    NOTIFICATION_NOT_DEAD = "NOTIFICATION_NOT_DEAD", ErrorKind.REFUSED
    UNKNOWN_METHOD = "UNKNOWN_METHOD", ErrorKind.NOT_FOUND
    INTERNAL_ERROR = "INTERNAL_ERROR", ErrorKind.INTERNAL
    CREDENTIAL_INVALID = "CREDENTIAL_INVALID", ErrorKind.UNAUTHENTICATED
    DISPLAY_NOT_CONFIRMED = "DISPLAY_NOT_CONFIRMED", ErrorKind.REFUSED
    PAIRING_CODE_UNKNOWN = "PAIRING_CODE_UNKNOWN", ErrorKind.NOT_FOUND
    DISPLAY_NOT_FOUND = "DISPLAY_NOT_FOUND", ErrorKind.NOT_FOUND
    TOO_MANY_ATTEMPTS = "TOO_MANY_ATTEMPTS", ErrorKind.OVERLOADED
    TOKEN_STORE_UNAVAILABLE = "TOKEN_STORE_UNAVAILABLE", ErrorKind.UNAVAILABLE
    SIGN_IN_FAILED = "SIGN_IN_FAILED", ErrorKind.UNAUTHENTICATED
    SESSION_ENDED = "SESSION_ENDED", ErrorKind.UNAUTHENTICATED
    REFRESH_IN_PROGRESS = "REFRESH_IN_PROGRESS", ErrorKind.CONFLICT
    SET_PASSWORD_TOKEN_INVALID = "SET_PASSWORD_TOKEN_INVALID", ErrorKind.UNAUTHENTICATED
    PASSWORD_WRONG = "PASSWORD_WRONG", ErrorKind.FORBIDDEN
    PASSWORD_RESET_NOT_OFFERED = "PASSWORD_RESET_NOT_OFFERED", ErrorKind.REFUSED
    LINK_INVALID = "LINK_INVALID", ErrorKind.REFUSED
    OFFER_ENDED = "OFFER_ENDED", ErrorKind.REFUSED
    SESSION_NOT_FOUND = "SESSION_NOT_FOUND", ErrorKind.NOT_FOUND
    SECOND_FACTOR_REQUIRED = "SECOND_FACTOR_REQUIRED", ErrorKind.UNAUTHENTICATED
    SECOND_FACTOR_WRONG = "SECOND_FACTOR_WRONG", ErrorKind.FORBIDDEN
    SECOND_FACTOR_MISSING = "SECOND_FACTOR_MISSING", ErrorKind.FORBIDDEN
    SECOND_FACTOR_EXISTS = "SECOND_FACTOR_EXISTS", ErrorKind.REFUSED
    SECOND_FACTOR_NOT_ENROLLED = "SECOND_FACTOR_NOT_ENROLLED", ErrorKind.REFUSED
    REGISTRATION_NOT_OFFERED = "REGISTRATION_NOT_OFFERED", ErrorKind.REFUSED
    REGISTRATION_CODE_WRONG = "REGISTRATION_CODE_WRONG", ErrorKind.REFUSED
    CONTACT_CODE_WRONG = "CONTACT_CODE_WRONG", ErrorKind.REFUSED
    EMAIL_TAKEN = "EMAIL_TAKEN", ErrorKind.OCCUPIED
    CERTIFICATE_NAME_TAKEN = "CERTIFICATE_NAME_TAKEN", ErrorKind.OCCUPIED
    ACCOUNT_NOT_FOUND = "ACCOUNT_NOT_FOUND", ErrorKind.NOT_FOUND


@dataclass(frozen=True, slots=True)
class Violation:
    """One field of a request and what is wrong with it."""

    field: str
    description: str


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Slots to offer instead of the unavailable one: those of the doctor, or `others` if the doctor has none."""

    doctor_id: str
    time_zone: str
    slots: Sequence["Slot"]
    others: Sequence["Alternative"] = ()


class DomainError(Exception):
    """A call that fails for a reason the caller can act on; `message` says how and holds no personal data."""

    def __init__(
        self,
        reason: Reason,
        message: str,
        *,
        metadata: Mapping[str, str] = MappingProxyType({}),
        violations: Sequence[Violation] = (),
        alternatives: Alternatives | None = None,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.metadata = metadata
        self.violations = violations
        self.alternatives = alternatives
        self.retry_after = retry_after


def invalid(field: str, description: str) -> DomainError:
    """INVALID_REQUEST for one field."""
    return DomainError(Reason.INVALID_REQUEST, f"{field}: {description}", violations=[Violation(field, description)])


def not_found(reason: Reason, noun: str, identifier: str) -> DomainError:
    """NOT_FOUND for an object that does not exist, or that the caller may not know about."""
    return DomainError(reason, f"there is no such {noun}: check {noun}_id", metadata={f"{noun}_id": identifier})
