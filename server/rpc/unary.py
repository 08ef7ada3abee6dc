"""What every call of our services goes through: request id, deadline, identity, validation, errors, one log line."""

import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import grpc
from google.protobuf.message import Message

from server.rpc.call_lifecycle import PUBLIC, TokenVerifier, abort, begin, reader, refusal, token_of, write_line
from server.rpc.calls import current, identified
from server.rpc.deadlines import budget, within
from server.rpc.errors import CODES
from server.rpc.sessions import headers_of
from server.rpc.streaming import stream_handler

Answer = Message | bytes
Handler = Callable[[Message, Any], Coroutine[Any, Any, Answer]]


class Calls(grpc.GenericRpcHandler):
    """Stands for a server while services are added to it; then begins every call that it gets.

    No interceptor of gRPC's, which the server would ask anew for every call; and one for all services, which it would
    ask one after another.
    """

    def __init__(self, tokens: TokenVerifier) -> None:
        self._tokens = tokens
        self._methods: dict[str, Any] = {}

    def add_generic_rpc_handlers(self, handlers: object) -> None:
        """What generated code says once more by the other method."""

    def add_registered_method_handlers(self, service: str, methods: Mapping[str, Any]) -> None:
        """Add the methods of a service."""
        for name, found in methods.items():
            path = f"/{service}/{name}"
            self._methods[path] = (stream_handler if found.response_streaming else unary_handler)(
                path, found, self._tokens
            )

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """The wrapped method that is called, if it is one of ours; asked in the task that then runs it."""
        method = handler_call_details.method
        found = self._methods.get(method)
        if found:
            begin(method, handler_call_details.invocation_metadata or ())
        return found


def unary_handler(method: str, found: Any, tokens: TokenVerifier) -> "grpc.RpcMethodHandler[bytes, bytes]":
    """A servicer's unary method, wrapped; it answers with a message, or with the bytes of one."""
    handler: Handler = found.unary_unary
    read = reader(method, found.request_deserializer)
    public = method in PUBLIC

    async def call(raw: bytes, context: Any) -> bytes:
        began = time.perf_counter()
        this = current()
        try:
            seconds = budget(context.time_remaining())
            if not public:
                token = token_of(this.authorization)
                caller = tokens.recall(token)
                if caller is None:
                    caller = await within(seconds, tokens.verify(token))
                    seconds -= time.perf_counter() - began
                identified(this, caller)
            response = await within(seconds, handler(read(raw), context))
            if this.has_news:
                this.headers.extend(headers_of(this))
            if this.headers and this.over_rest:
                # Trailing metadata would not become headers; these cost the worker a wake-up of their own.
                await context.send_initial_metadata(this.headers)
                this.headers.clear()
        except Exception as failure:
            error = refusal(failure, this)
            write_line(this, CODES[error.reason.kind].name, began, error.reason.value)
            await abort(context, error, this)
        context.set_trailing_metadata((("x-request-id", this.request_id), *this.headers))
        write_line(this, "OK", began)
        return response if isinstance(response, bytes) else response.SerializeToString()

    return grpc.unary_unary_rpc_method_handler(call, None, None)
