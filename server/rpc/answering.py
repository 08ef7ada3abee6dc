"""What calls and streams have in common: their request id, who calls, how they fail, the line in the log."""

import re
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from google.protobuf.message import DecodeError, Message
from grpc_status import rpc_status

from server.domain.errors import DomainError, Reason
from server.domain.identity import Caller
from server.rpc.calls import Call, begin
from server.rpc.errors import status_of
from server.rpc.sessions import READ_MARK
from server.telemetry.logs import place_of

_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
PUBLIC = frozenset(
    f"/yoyaku.v1.AuthService/{name}"
    for name in (
        "GetSigningKeys",
        "Login",
        "RefreshToken",
        "Logout",
        "SetPassword",
        "PairDisplay",
        "ExchangeDeviceToken",
    )
)
_BEARER = "bearer "

_log = structlog.get_logger()

Verify = Callable[[str], Awaitable[Caller]]


def started(method: str, context: Any) -> tuple[Call, str | None]:
    """The call that begins here, made that of the running task, and its `authorization`."""
    metadata = {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}
    given = metadata.get("x-request-id", "")
    call = Call(method, given if _REQUEST_ID.fullmatch(given) else str(uuid.uuid4()))
    call.read_mark = metadata.get(READ_MARK, "")
    begin(call)
    context.set_trailing_metadata((("x-request-id", call.request_id),))
    return call, metadata.get("authorization")


async def verified(verify: Verify, method: str, authorization: str | None) -> Caller | None:
    """Who calls (TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED); None for methods that anyone may call."""
    if method in PUBLIC:
        return None
    if not authorization or not authorization.lower().startswith(_BEARER):
        raise DomainError(Reason.TOKEN_MISSING, "sign in: send an access token as `authorization: Bearer TOKEN`")
    return await verify(authorization[len(_BEARER) :].strip())


def lenient(deserialize: Callable[[bytes], Message]) -> Callable[[bytes], Any]:
    """Reads a request, or gives None for bytes that are none.

    What grpc would answer itself is an UNKNOWN with internal text, before any code of ours has run.
    """

    def parse(raw: bytes) -> Message | None:
        try:
            return deserialize(raw)
        except DecodeError:
            return None

    return parse


def fault(error: Exception, call: Call) -> DomainError:
    """INTERNAL_ERROR for what nobody expected; its place is logged, its text is not."""
    _log.error("call failed", method=call.method, request_id=call.request_id, failure=place_of(error))
    return DomainError(
        Reason.INTERNAL_ERROR,
        f"something failed on our side: report request id {call.request_id}",
        metadata={"request_id": call.request_id},
    )


def write_line(call: Call, code: str, began: float, error: DomainError | None) -> None:
    """One line about a call that has ended."""
    _log.info(
        "call",
        method=call.method,
        code=code,
        reason=error.reason.value if error else None,
        milliseconds=round((time.perf_counter() - began) * 1000, 1),
        request_id=call.request_id,
        caller=call.caller.id if call.caller else None,
    )


async def abort(context: Any, error: DomainError, call: Call) -> None:
    """End the call with the status of an error; raises what grpc.aio ends a handler with."""
    status = rpc_status.to_status(status_of(error))
    await context.abort(status.code, status.details, (("x-request-id", call.request_id), *status.trailing_metadata))
