"""What every unary call of our services goes through: deadline, identity, validation, errors, one log line."""

import time
from collections.abc import Callable, Coroutine
from typing import Any

import grpc
from google.protobuf.message import Message

from server.rpc.calls.call_lifecycle import (
    PUBLIC,
    Callers,
    abort,
    error_for,
    gatekeeper,
    record_end,
    request_parser,
)
from server.rpc.calls.current_call import CurrentCall, current, identified
from server.rpc.calls.deadlines import Deadlines, budget
from server.rpc.calls.preconditions import require_match
from server.rpc.calls.read_marks import headers_of
from server.rpc.calls.visits import within_limits
from server.rpc.messages.errors import CODES
from server.telemetry.traces import reached

Answer = Message | bytes

_HEADERS_BEHIND = "headers-behind"
"""The details of a good answer over REST that has trailers for the edge to make headers of (`server/edge/lua.py`)."""
Handler = Callable[[Message, Any], Coroutine[Any, Any, Answer]]
Parse = Callable[[bytes], Message]


def unary_handler(
    method: str, found: Any, callers: Callers, deadlines: Deadlines
) -> "grpc.RpcMethodHandler[bytes, bytes]":
    """A servicer's unary method, wrapped; it answers with a message, or with the bytes of one.

    It is registered as one whose requests are a stream, and reads the one request itself: grpc.aio never passes a call
    that ends without a message to a unary handler, and such a call would get no answer before its deadline.
    """
    handler: Handler = found.unary_unary
    parse = request_parser(method, found.request_deserializer)
    public = method in PUBLIC
    check_role = gatekeeper(method)
    recall = callers.tokens.recall
    of_visitors = within_limits(_answer, callers.visitors, method)

    async def call(_: object, context: Any) -> bytes:
        began = time.perf_counter()
        this = current()
        try:
            seconds = budget(context.time_remaining())
            if not public:
                caller = recall(this.authorization)
                if caller is None:
                    caller = await deadlines.within(seconds, callers.verify(this))
                    reached("caller known")
                    seconds -= time.perf_counter() - began
                identified(this, caller)
                check_role(caller)
            answer = _answer if this.authorization or this.certificate else of_visitors
            response = await deadlines.within(seconds, answer(this, context, parse, handler))
            if this.has_news:
                this.headers.extend(headers_of(this))
        except Exception as failure:
            error = error_for(failure, this)
            record_end(this, CODES[error.reason.kind].name, began, error.reason.value)
            await abort(context, error, this)
        # Never as initial metadata: an answer whose beginning has arrived is lost with its worker, since Envoy can only
        # retry what has not begun. The edge makes headers of it for callers over REST.
        context.set_trailing_metadata((("x-request-id", this.request_id), *this.headers))
        if this.headers and this.over_rest:
            context.set_details(_HEADERS_BEHIND)
        record_end(this, "OK", began)
        return response if isinstance(response, bytes) else response.SerializeToString()

    return grpc.stream_unary_rpc_method_handler(call, None, None)


async def _answer(this: CurrentCall, context: Any, parse: Parse, handler: Handler) -> Answer:
    request = parse(await context.read())
    if this.is_sampled:
        reached("request read")
    if this.if_match is not None:
        request = require_match(request, this.if_match)
    return await handler(request, context)
