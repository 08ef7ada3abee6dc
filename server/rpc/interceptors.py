"""What every call of our services goes through: request id, deadline, identity, validation, errors, one log line."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from google.protobuf.message import Message

from server.domain.errors import DomainError, Reason
from server.rpc.answering import Verify, abort, fault, lenient, started, verified, write_line
from server.rpc.calls import Call
from server.rpc.errors import CODES
from server.rpc.sessions import headers_of, open_session
from server.rpc.streaming import streaming
from server.rpc.validate import validate

DEFAULT_SECONDS = 5.0
_SHORTEST_SECONDS = 0.005
_FAREWELL_SECONDS = 0.1
_OURS = "/yoyaku.v1."

Handler = Callable[[Message, Any], Awaitable[Message]]


class Calls(grpc.aio.ServerInterceptor):
    """Wraps the handlers of our services; health and reflection pass through."""

    def __init__(self, verify: Verify) -> None:
        self._verify = verify
        self._wrapped: dict[str, grpc.RpcMethodHandler[Message, Any]] = {}

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
        if found.response_streaming:
            self._wrapped[method] = streaming(method, found, self._verify)
        else:
            self._wrapped[method] = grpc.unary_unary_rpc_method_handler(
                self._wrap(method, found.unary_unary), lenient(found.request_deserializer), found.response_serializer
            )
        return self._wrapped[method]

    def _wrap(self, method: str, handler: Handler) -> Handler:
        async def call(request: Message | None, context: grpc.aio.ServicerContext[Message, Message]) -> Message:
            began = time.perf_counter()
            this, authorization = started(method, context)
            try:
                response = await self._answer(this, handler, request, context, authorization)
            except DomainError as error:
                write_line(this, CODES[error.reason.kind].name, began, error)
                await abort(context, error, this)
            write_line(this, "OK", began, None)
            return response

        return call

    async def _answer(
        self, call: Call, handler: Handler, request: Message | None, context: Any, authorization: str | None
    ) -> Message:
        try:
            async with asyncio.timeout(_budget(context.time_remaining())):
                call.caller = await verified(self._verify, call.method, authorization)
                session = open_session(call.caller.id, call.read_mark) if call.caller else None
                response = await handler(validate(request), context)
                if session:
                    call.headers.extend(headers_of(session))
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
            raise fault(error, call) from None


def _budget(remaining: float | None) -> float:
    if remaining is None:
        return DEFAULT_SECONDS
    if remaining < _SHORTEST_SECONDS:
        raise DomainError(Reason.DEADLINE_TOO_SHORT, "the deadline cannot be met, nothing was done: allow more time")
    # Ended a little early, a running statement is cancelled on the server before the caller hangs up.
    return remaining - min(_FAREWELL_SECONDS, remaining / 5)
