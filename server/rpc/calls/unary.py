"""What every unary call of our services goes through: deadline, identity, validation, errors, one log line."""

import time
from collections.abc import Callable, Coroutine
from typing import Any

import grpc
from google.protobuf.message import Message

from server.rpc.calls.call_lifecycle import (
    PUBLIC,
    TokenVerifier,
    abort,
    ended,
    gatekeeper,
    reader,
    refusal,
    request_of,
    token_of,
)
from server.rpc.calls.current_call import current, identified
from server.rpc.calls.deadlines import Deadlines, budget
from server.rpc.calls.preconditions import require_match
from server.rpc.calls.sessions import headers_of
from server.rpc.messages.errors import CODES
from server.telemetry.traces import step

Answer = Message | bytes
Handler = Callable[[Message, Any], Coroutine[Any, Any, Answer]]


def unary_handler(
    method: str, found: Any, tokens: TokenVerifier, deadlines: Deadlines
) -> "grpc.RpcMethodHandler[bytes, bytes]":
    """A servicer's unary method, wrapped; it answers with a message, or with the bytes of one."""
    handler: Handler = found.unary_unary
    read = reader(method, found.request_deserializer)
    public = method in PUBLIC
    check_role = gatekeeper(method)

    async def call(_: object, context: Any) -> bytes:
        began = time.perf_counter()
        this = current()
        try:
            seconds = budget(context.time_remaining())
            if not public:
                with step("authenticate"):
                    token = token_of(this.authorization)
                    caller = tokens.recall(token)
                    if caller is None:
                        caller = await deadlines.within(seconds, tokens.verify(token))
                        seconds -= time.perf_counter() - began
                    identified(this, caller)
                    check_role(caller)
            response = await deadlines.within(seconds, _answer(context, read, handler))
            if this.has_news:
                this.headers.extend(headers_of(this))
            if this.headers and this.over_rest:
                # Trailing metadata does not become HTTP headers. Initial metadata does, at the cost of another wake-up.
                with step("send headers"):
                    await context.send_initial_metadata(this.headers)
                this.headers.clear()
        except Exception as failure:
            error = refusal(failure, this)
            ended(this, CODES[error.reason.kind].name, began, error.reason.value)
            await abort(context, error, this)
        context.set_trailing_metadata((("x-request-id", this.request_id), *this.headers))
        ended(this, "OK", began)
        return response if isinstance(response, bytes) else response.SerializeToString()

    return grpc.stream_unary_rpc_method_handler(call, None, None)


async def _answer(context: Any, read: Callable[[bytes], Message], handler: Handler) -> Answer:
    with step("read"):
        request, if_match = read(await request_of(context)), current().if_match
    return await handler(require_match(request, if_match) if if_match is not None else request, context)
