"""The errors of calls: one exception class for each way in which a caller reacts."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from yoyaku.v1.schedule_pb2 import AlternativeSlot, AlternativeSlots

_DETAILS = "grpc-status-details-bin"
_REQUEST_ID = "x-request-id"
_DOMAIN = "yoyaku"


class YoyakuError(Exception):
    """A call that failed.

    `reason` is a value of ErrorReason without its prefix, or empty if only a status `code` arrived; `message` says
    what to do. `violations` are the invalid fields with what they should be, `alternatives` the slots that can be
    booked instead, on the wall clock of `time_zone`; one with a `doctor` is of that doctor, on the clock of its
    `clinic`. `retry_after` is the pause that the server asks for, and `request_id` finds the call in the server's logs.
    """

    def __init__(
        self,
        message: str,
        code: grpc.StatusCode = grpc.StatusCode.UNKNOWN,
        *,
        reason: str = "",
        metadata: Mapping[str, str] = MappingProxyType({}),
        violations: Mapping[str, str] = MappingProxyType({}),
        alternatives: Sequence[AlternativeSlot] = (),
        time_zone: str = "",
        retry_after: timedelta | None = None,
        request_id: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.reason = reason
        self.metadata = dict(metadata)
        self.violations = dict(violations)
        self.alternatives = list(alternatives)
        self.time_zone = time_zone
        self.retry_after = retry_after
        self.request_id = request_id

    def __str__(self) -> str:
        request = f", request id {self.request_id}" if self.request_id else ""
        return f"{self.message} ({self.reason or self.code.name}{request})"


class InvalidRequest(YoyakuError):
    """The request itself is wrong; `violations` names the fields."""


class AmbiguousTime(InvalidRequest):
    """The wall time occurs twice on that day; `alternatives` has both slots, to be booked by `start`."""


class Unauthenticated(YoyakuError):
    """There is no token, or it is not valid (any more)."""


class NotAllowed(YoyakuError):
    """The caller's role does not permit this."""


class NotFound(YoyakuError):
    """The object does not exist, or the caller may not know that it does."""


class AlreadyExists(YoyakuError):
    """The object exists already; `metadata` says which one."""


class SlotTaken(AlreadyExists):
    """Every seat of the slot is taken; `alternatives` has the nearest free slots, and why each is near."""


class PatientBusy(AlreadyExists):
    """The patient has another appointment at that time."""


class Refused(YoyakuError):
    """A rule or the present state forbids it; `reason` says which."""


class FeedCompacted(Refused):
    """The changes after the position are no longer stored: list again, then continue from `metadata["position"]`."""


class EtagMismatch(YoyakuError):
    """The object has changed since its etag was read: get it again and decide again."""


class Unavailable(YoyakuError):
    """The server cannot be reached or is busy. The client has retried until the deadline."""


class DeadlineExceeded(YoyakuError):
    """No answer came in time. A write may or may not have happened: send it again with the same `request_id`."""


class ServerFault(YoyakuError):
    """An unexpected failure of the server: report the `request_id`."""


CLASSES: Mapping[str | grpc.StatusCode, type[YoyakuError]] = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidRequest,
    "AMBIGUOUS_LOCAL_TIME": AmbiguousTime,
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
    grpc.StatusCode.PERMISSION_DENIED: NotAllowed,
    grpc.StatusCode.NOT_FOUND: NotFound,
    "UNKNOWN_METHOD": YoyakuError,
    grpc.StatusCode.ALREADY_EXISTS: AlreadyExists,
    "SLOT_TAKEN": SlotTaken,
    "PATIENT_BUSY": PatientBusy,
    grpc.StatusCode.FAILED_PRECONDITION: Refused,
    "FEED_COMPACTED": FeedCompacted,
    "ETAG_MISMATCH": EtagMismatch,
    "TRANSACTION_CONFLICT": Unavailable,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
    grpc.StatusCode.RESOURCE_EXHAUSTED: Unavailable,
    "REQUEST_TOO_LARGE": InvalidRequest,
    "TOO_MANY_ATTEMPTS": Refused,
    "REFRESH_IN_PROGRESS": Refused,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.INTERNAL: ServerFault,
}
"""The class for a reason, or else for a status code; anything else is a plain YoyakuError."""


def error_of(failure: grpc.aio.AioRpcError) -> YoyakuError:
    """The exception for the status of a failed call."""
    headers = {**_texts(failure.initial_metadata()), **_texts(failure.trailing_metadata())}
    status = _status(headers.get(_DETAILS, b""))
    code = failure.code()
    return _error(code, failure.details() or code.name, status, str(headers.get(_REQUEST_ID, "")))


def error_of_status(status: status_pb2.Status) -> YoyakuError:
    """The exception for the error of one result of a batch, as a single call would have raised it."""
    return _error(_CODES.get(status.code, grpc.StatusCode.UNKNOWN), status.message, status, "")


_CODES = {code.value[0]: code for code in grpc.StatusCode}


def _error(code: grpc.StatusCode, message: str, status: status_pb2.Status, request_id: str) -> YoyakuError:
    info, bad, slots = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), AlternativeSlots()
    retry = error_details_pb2.RetryInfo()
    for detail in status.details:
        for known in (info, bad, slots, retry):
            detail.Unpack(known)  # does nothing if the detail is of another type
    reason = info.reason if info.domain == _DOMAIN else ""
    kind = CLASSES.get(reason) or CLASSES.get(code) or YoyakuError
    return kind(
        message,
        code,
        reason=reason,
        metadata=info.metadata,
        violations={violation.field: violation.description for violation in bad.field_violations},
        alternatives=slots.slots,
        time_zone=slots.time_zone,
        retry_after=retry.retry_delay.ToTimedelta() if retry.HasField("retry_delay") else None,
        request_id=request_id,
    )


def _texts(metadata: grpc.aio.Metadata | None) -> dict[str, str | bytes]:
    return dict(iter(metadata or ()))  # an iterator of pairs: Metadata looks like a mapping, but its keys() are none


def _status(details: str | bytes) -> status_pb2.Status:
    try:
        return status_pb2.Status.FromString(details if isinstance(details, bytes) else b"")
    except DecodeError:
        return status_pb2.Status()
