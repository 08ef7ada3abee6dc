"""The wire form of errors: google.rpc.Status with ErrorInfo and, where they help, other details."""

import math

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from server.domain.errors import DomainError, ErrorKind
from server.rpc.messages.schedules import to_alternatives

DOMAIN = "yoyaku"

CODES = {
    ErrorKind.INVALID: grpc.StatusCode.INVALID_ARGUMENT,
    ErrorKind.UNAUTHENTICATED: grpc.StatusCode.UNAUTHENTICATED,
    ErrorKind.FORBIDDEN: grpc.StatusCode.PERMISSION_DENIED,
    ErrorKind.NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    ErrorKind.OCCUPIED: grpc.StatusCode.ALREADY_EXISTS,
    ErrorKind.REFUSED: grpc.StatusCode.FAILED_PRECONDITION,
    ErrorKind.CONFLICT: grpc.StatusCode.ABORTED,
    ErrorKind.TOO_LATE: grpc.StatusCode.DEADLINE_EXCEEDED,
    ErrorKind.OVERLOADED: grpc.StatusCode.RESOURCE_EXHAUSTED,
    ErrorKind.UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
    ErrorKind.INTERNAL: grpc.StatusCode.INTERNAL,
}


_LONGEST_TEXT = 1_000


def shortened(text: str) -> str:
    """The text of an error, cut to a thousand characters: it may repeat what was sent, and trailers must stay small."""
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}..."


def retry_seconds(error: DomainError) -> int:
    """After how many seconds to try again, in whole ones as Retry-After has them; 0 if trying again does not help."""
    return math.ceil(error.retry_after.total_seconds()) if error.retry_after else 0


def status_of(error: DomainError) -> status_pb2.Status:
    """The status that carries a domain error to the caller."""
    details: list[Message] = [
        error_details_pb2.ErrorInfo(reason=error.reason.value, domain=DOMAIN, metadata=dict(error.metadata))
    ]
    if error.violations:
        violations = [
            error_details_pb2.BadRequest.FieldViolation(
                field=shortened(violation.field), description=shortened(violation.description)
            )
            for violation in error.violations
        ]
        details.append(error_details_pb2.BadRequest(field_violations=violations))
    if error.alternatives:
        details.append(to_alternatives(error.alternatives))
    if seconds := retry_seconds(error):
        details.append(error_details_pb2.RetryInfo(retry_delay=Duration(seconds=seconds)))
    status = status_pb2.Status(code=CODES[error.reason.kind].value[0], message=shortened(error.message))
    status.details.extend(map(_packed, details))
    return status


def _packed(detail: Message) -> Any:
    packed = Any()
    packed.Pack(detail)
    return packed
