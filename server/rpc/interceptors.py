"""What every call of our services goes through: request id, deadline, identity, validation, errors, one log line."""

import asyncio
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import structlog
from google.protobuf.message import DecodeError, Message
from grpc_status import rpc_status

from server.domain.errors import DomainError, Reason
from server.domain.identity import Caller
from server.rpc.calls import Call, begin
from server.rpc.errors import CODES, status_of
from server.rpc.validate import validate
from server.telemetry.logs import place_of

DEFAULT_SECONDS = 5.0
_SHORTEST_SECONDS = 0.005
_FAREWELL_SECONDS = 0.1
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
_OURS = "/yoyaku.v1."
_PUBLIC = frozenset({"/yoyaku.v1.AuthService/GetSigningKeys"})
_BEARER = "bearer "

_log = structlog.get_logger()

Handler = Callable[[Message, Any], Awaitable[Message]]
Verify = Callable[[str], Awaitable[Caller]]


class Calls(grpc.aio.ServerInterceptor):
    """Wraps the handlers of our services; health and reflection pass through."""

    def __init__(self, verify: Verify) -> None:
        self._verify = verify
        self._wrapped: dict[str, grpc.RpcMethodHandler[Message, Message]] = {}

    async def intercept_service(
        self, continuation: Callable[[Any], Awaitable[Any]], handler_call_details: grpc.HandlerCallDetails
    ) -> Any:  # gRPC's own signature
        """Wrap each method once."""
        method = handler_call_details.method
        if method in self._wrapped:
            return self._wrapped[method]
        found = await continuation(handler_call_details)
        if found is None or not method.startswith(_OURS):
            return found
        self._wrapped[method] = grpc.unary_unary_rpc_method_handler(
            self._wrap(method, found.unary_unary), _lenient(found.request_deserializer), found.response_serializer
        )
        return self._wrapped[method]

    def _wrap(self, method: str, handler: Handler) -> Handler:
        async def call(request: Message | None, context: grpc.aio.ServicerContext[Message, Message]) -> Message:
            began = time.perf_counter()
            metadata = {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}
            this = Call(method, _request_id(metadata))
            begin(this)
            context.set_trailing_metadata((("x-request-id", this.request_id),))
            try:
                response = await self._answer(this, handler, request, context, metadata.get("authorization"))
            except DomainError as error:
                _write_line(this, CODES[error.reason.kind].name, began, error)
                await _abort(context, error, this)
            _write_line(this, "OK", began, None)
            return response

        return call

    async def _answer(
        self, call: Call, handler: Handler, request: Message | None, context: Any, authorization: str | None
    ) -> Message:
        try:
            async with asyncio.timeout(_budget(context.time_remaining())):
                call.caller = await self._caller(call.method, authorization)
                response = await handler(validate(request), context)
                if call.headers:
                    await context.send_initial_metadata(call.headers)
                return response
        except DomainError:
            raise
        except TimeoutError:
            raise DomainError(
                Reason.DEADLINE_PASSED,
                "the call took longer than its deadline: send it again, a write with the same request_id",
            ) from None
        except Exception as error:
            _log.error("call failed", method=call.method, request_id=call.request_id, failure=place_of(error))
            raise DomainError(
                Reason.INTERNAL_ERROR,
                f"something failed on our side: report request id {call.request_id}",
                metadata={"request_id": call.request_id},
            ) from None

    async def _caller(self, method: str, authorization: str | None) -> Caller | None:
        if method in _PUBLIC:
            return None
        if not authorization or not authorization.lower().startswith(_BEARER):
            raise DomainError(Reason.TOKEN_MISSING, "sign in: send an access token as `authorization: Bearer TOKEN`")
        return await self._verify(authorization[len(_BEARER) :].strip())


def _lenient(deserialize: Callable[[bytes], Message]) -> Callable[[bytes], Any]:
    # What grpc would answer itself is an UNKNOWN with internal text, before any of this module has run.
    def parse(raw: bytes) -> Message | None:
        try:
            return deserialize(raw)
        except DecodeError:
            return None

    return parse


def _request_id(metadata: dict[str, str]) -> str:
    given = metadata.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else str(uuid.uuid4())


def _budget(remaining: float | None) -> float:
    if remaining is None:
        return DEFAULT_SECONDS
    if remaining < _SHORTEST_SECONDS:
        raise DomainError(Reason.DEADLINE_TOO_SHORT, "the deadline cannot be met, nothing was done: allow more time")
    # Ended a little early, a running statement is cancelled on the server before the caller hangs up.
    return remaining - min(_FAREWELL_SECONDS, remaining / 5)


def _write_line(call: Call, code: str, began: float, error: DomainError | None) -> None:
    _log.info(
        "call",
        method=call.method,
        code=code,
        reason=error.reason.value if error else None,
        milliseconds=round((time.perf_counter() - began) * 1000, 1),
        request_id=call.request_id,
        caller=call.caller.id if call.caller else None,
    )


async def _abort(context: Any, error: DomainError, call: Call) -> None:
    status = rpc_status.to_status(status_of(error))
    await context.abort(status.code, status.details, (("x-request-id", call.request_id), *status.trailing_metadata))
