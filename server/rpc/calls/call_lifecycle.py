"""What calls and streams have in common: the request id, the caller, errors, the log line."""

import re
import time
from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any, Protocol

import grpc
import structlog
from google.protobuf.message import DecodeError, Message
from grpc_status import rpc_status

from server.domain.errors import DomainError, Reason
from server.domain.identity import Caller, token_missing
from server.domain.methods import FOR_VISITORS, METHODS, WITHOUT_SECOND_FACTOR
from server.domain.rights import not_allowed, roles_for
from server.rpc.calls.current_call import CurrentCall, set_current
from server.rpc.calls.preconditions import IF_MATCH, PRECONDITION_FAILED
from server.rpc.calls.read_marks import READ_MARK, mark_of
from server.rpc.messages.errors import retry_seconds, status_of
from server.rpc.messages.validate import validate
from server.telemetry import call_spans, ended_calls, traces
from server.telemetry.logs import place_of

_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
PUBLIC = frozenset(f"/yoyaku.v1.{method}" for method, actions in METHODS.items() if not actions)
"""Methods that need no access token."""
VISITED = frozenset(f"/yoyaku.v1.{method}" for method in FOR_VISITORS)
"""Methods that also answer callers without a token."""
_BEARER = "bearer "
_CERTIFICATE = "x-yoyaku-certificate"
"""Set by Envoy alone, if there is no token (`envoy/calls.lua`)."""
_SET_BY_TRANSCODER = "x-envoy-original-method"
_QUESTIONS = ("Get", "List", "BatchGet")
_REMEMBERED_QUESTIONS = 1_000
_LARGEST_QUESTION = 256
"""The largest request that is remembered, in bytes: those that screens keep sending are shorter."""
_EOF = grpc.aio.EOF
_randomness = Random()  # noqa: S311  # an id of a call is no secret

_log = structlog.get_logger()


class TokenVerifier(Protocol):
    """Verifies access tokens."""

    def recall(self, header: str) -> Caller | None:
        """The caller, if the token of this header was verified before (TOKEN_EXPIRED)."""

    async def verify(self, token: str, header: str) -> Caller:
        """The caller (TOKEN_INVALID, TOKEN_EXPIRED), who is remembered for calls with the same header."""


class CertificateVerifier(Protocol):
    """Verifies what Envoy says about a caller's certificate."""

    async def caller(self, claim: str) -> Caller:
        """The caller (CREDENTIAL_INVALID)."""


class VisitorGate(Protocol):
    """Lets callers without a token in."""

    async def caller(self) -> Caller:
        """A caller who may see what is open to everybody (TOKEN_MISSING)."""

    def place(self, address: str, *, costly: bool) -> AbstractAsyncContextManager[None]:
        """Wait for a place for a call from an address, which may be empty (OVERLOADED)."""


@dataclass(frozen=True, slots=True)
class Callers:
    """Finds out who calls."""

    tokens: TokenVerifier
    certificates: CertificateVerifier
    visitors: VisitorGate

    async def verify(self, call: CurrentCall) -> Caller:
        """The caller (TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED, CREDENTIAL_INVALID)."""
        if call.authorization:
            return await self.tokens.verify(_token(call.authorization), call.authorization)
        if call.certificate:
            return await self.certificates.caller(call.certificate)
        if call.method in VISITED:
            return await self.visitors.caller()
        raise token_missing()


def begin(method: str, metadata: Collection[tuple[str, Any]]) -> bool:
    """Make an incoming call the current call of the running task; whether its trace is sampled."""
    headers = dict(metadata)
    request_id = headers.get("x-request-id", "")
    if not _REQUEST_ID.fullmatch(request_id):
        # In the form of a trace id, at a tenth of the cost of uuid.uuid4.
        request_id = f"{_randomness.getrandbits(128):032x}"
    call = CurrentCall(
        method=method,
        request_id=request_id,
        authorization=headers.get("authorization", ""),
        is_sampled=traces.call_arrived(headers),
        over_rest=_SET_BY_TRANSCODER in headers,
    )
    if not call.authorization:
        call.certificate = headers.get(_CERTIFICATE, "")
    if call.is_sampled:
        call.callers_trace = headers.get(call_spans.CALLERS_HEADER, "")
    if READ_MARK in headers:
        call.mark = mark_of(headers[READ_MARK])
    if IF_MATCH in headers:
        call.if_match = ", ".join(value for key, value in metadata if key == IF_MATCH)
    set_current(call)
    return call.is_sampled


def _token(authorization: str) -> str:
    """The access token in a header (TOKEN_MISSING)."""
    if authorization[: len(_BEARER)].lower() != _BEARER:
        raise token_missing()
    return authorization[len(_BEARER) :].strip()


def request_parser(method: str, deserialize: Callable[[bytes], Message]) -> Callable[[Any], Message]:
    """Returns a parser of what was read, which refuses invalid requests and calls without one (INVALID_REQUEST).

    A short read request seen before is not checked again. Parsing is not left to grpc, which would answer undecodable
    bytes with UNKNOWN and an internal text.
    """
    checked = remembered if method.rpartition("/")[2].startswith(_QUESTIONS) else _checked

    def parse(raw: Any) -> Message:
        if raw is _EOF:
            raise DomainError(Reason.INVALID_REQUEST, "the call ended without a request message: send one")
        return (checked if len(raw) <= _LARGEST_QUESTION else _checked)(deserialize, raw)

    return parse


def _checked(deserialize: Callable[[bytes], Message], raw: bytes) -> Message:
    try:
        return validate(deserialize(raw))
    except DecodeError:
        return validate(None)


# Equal requests share one message: handlers do not change it.
remembered = lru_cache(maxsize=_REMEMBERED_QUESTIONS)(_checked)


def gatekeeper(method: str) -> Callable[[Caller], None]:
    """Returns a check, to run before the request is read, that a caller may use a method at all.

    It raises NOT_ALLOWED if no role permits it, SECOND_FACTOR_MISSING if the account has to set one up first.
    """
    name = method.removeprefix("/yoyaku.v1.")
    actions = METHODS[name]
    roles, needs_second_factor = roles_for(actions), name not in WITHOUT_SECOND_FACTOR

    def check(caller: Caller) -> None:
        if caller.roles.isdisjoint(roles):
            raise not_allowed(actions[0])
        if caller.second_factor_missing and needs_second_factor:
            raise DomainError(
                Reason.SECOND_FACTOR_MISSING,
                "your account needs a second factor: set one up with an authenticator app, then go on",
            )

    return check


def error_for(error: Exception, call: CurrentCall) -> DomainError:
    """The error that the caller gets for a failure: INTERNAL_ERROR for an unexpected one, which is logged here."""
    if isinstance(error, DomainError):
        is_hidden = error.reason is Reason.NOT_ALLOWED and call.caller is not None and call.caller.is_visitor
        return token_missing() if is_hidden else error
    _log.error("call failed", method=call.method, request_id=call.request_id, failure=place_of(error))
    return DomainError(
        Reason.INTERNAL_ERROR,
        f"something failed on our side: please report request id {call.request_id}",
        metadata={"request_id": call.request_id},
    )


def record_end(
    call: CurrentCall, code: str, began: float, reason: str | None = None, *, is_stream: bool = False
) -> None:
    """Count a call or stream that has ended, and log it."""
    seconds = time.perf_counter() - began
    if call.is_sampled or code != "OK" or seconds > call_spans.SLOW_SECONDS:
        call_spans.ended(call.method, code, reason, seconds, is_stream=is_stream)
    caller = call.caller.id if call.caller else None
    ended = (call.method, code, reason, seconds, call.request_id, caller, traces.current(), time.time())
    if is_stream:
        ended_calls.stream_ended(ended)
    else:
        ended_calls.call_ended(ended)


async def abort(context: Any, error: DomainError, call: CurrentCall) -> None:
    """End the call with the status of an error, by raising grpc.aio's own exception for that."""
    status = rpc_status.to_status(status_of(error))
    metadata = [("x-request-id", call.request_id), *status.trailing_metadata]
    if seconds := retry_seconds(error):
        metadata.append(("retry-after", str(seconds)))
    if call.if_match is not None and call.over_rest and error.reason is Reason.ETAG_MISMATCH:
        metadata.append(PRECONDITION_FAILED)
    await context.abort(status.code, status.details, tuple(metadata))
