"""What calls and streams have in common: their request id, who calls, how they fail, the line in the log."""

import re
import time
from collections.abc import Awaitable, Callable
from functools import lru_cache
from random import Random
from typing import Any

import structlog
from google.protobuf.message import DecodeError, Message
from grpc_status import rpc_status

from server.domain.errors import DomainError, Reason
from server.domain.identity import Caller
from server.domain.methods import METHODS
from server.rpc.calls import Call, begin
from server.rpc.errors import status_of
from server.rpc.sessions import READ_MARK
from server.rpc.validate import validate
from server.telemetry.logs import place_of, write_call

_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
PUBLIC = frozenset(f"/yoyaku.v1.{method}" for method, actions in METHODS.items() if not actions)
"""What needs no access token."""
_BEARER = "bearer "
_QUESTIONS = ("Get", "List", "BatchGet")
_REMEMBERED_QUESTIONS = 2_000
_SHORT_BYTES = 256
_randomness = Random()  # noqa: S311  # an id of a call is no secret

_log = structlog.get_logger()

Verify = Callable[[str], Awaitable[Caller]]


def started(method: str, context: Any) -> tuple[Call, str | None]:
    """The call that begins here, made that of the running task, and its `authorization`."""
    given = authorization = None
    read_mark = ""
    for key, value in context.invocation_metadata() or ():
        if key == "authorization":
            authorization = value
        elif key == "x-request-id":
            given = value
        elif key == READ_MARK:
            read_mark = value
    call = Call(method, given if given and _REQUEST_ID.fullmatch(given) else _new_id())
    call.read_mark = read_mark
    begin(call)
    context.set_trailing_metadata((("x-request-id", call.request_id),))
    return call, authorization


def _new_id() -> str:
    # A tenth of what uuid.uuid4 costs.
    text = f"{_randomness.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


async def verified(verify: Verify, method: str, authorization: str | None) -> Caller | None:
    """Who calls (TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED); None for methods that anyone may call."""
    if method in PUBLIC:
        return None
    if not authorization or authorization[: len(_BEARER)].lower() != _BEARER:
        raise DomainError(Reason.TOKEN_MISSING, "sign in: send an access token as `authorization: Bearer TOKEN`")
    return await verify(authorization[len(_BEARER) :].strip())


def reader(method: str, deserialize: Callable[[bytes], Message]) -> Callable[[bytes], Message]:
    """Makes a valid request of bytes (INVALID_REQUEST); one that was asked before is not checked again.

    Not left to grpc, whose own answer to bytes that are none is an UNKNOWN with internal text.
    """
    if not method.rpartition("/")[2].startswith(_QUESTIONS):
        return lambda raw: _checked(deserialize, raw)
    return lambda raw: (_remembered if len(raw) <= _SHORT_BYTES else _checked)(deserialize, raw)


def _checked(deserialize: Callable[[bytes], Message], raw: bytes) -> Message:
    try:
        return validate(deserialize(raw))
    except DecodeError:
        return validate(None)


# Whoever asks the same gets the same message: handlers do not change requests.
_remembered = lru_cache(maxsize=_REMEMBERED_QUESTIONS)(_checked)


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
    write_call(
        method=call.method,
        code=code,
        reason=error.reason.value if error else None,
        milliseconds=(time.perf_counter() - began) * 1000,
        request_id=call.request_id,
        caller=call.caller.id if call.caller else None,
    )


async def abort(context: Any, error: DomainError, call: Call) -> None:
    """End the call with the status of an error; raises what grpc.aio ends a handler with."""
    status = rpc_status.to_status(status_of(error))
    await context.abort(status.code, status.details, (("x-request-id", call.request_id), *status.trailing_metadata))
