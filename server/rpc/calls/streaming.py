"""What every stream of our services goes through: request id, identity, validation, errors, one log line at its end."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, cast

import grpc
from google.protobuf.message import Message

from server.rpc.calls.addresses import client_address
from server.rpc.calls.call_lifecycle import (
    PUBLIC,
    Callers,
    abort,
    error_for,
    gatekeeper,
    record_end,
    request_parser,
)
from server.rpc.calls.current_call import caller, current
from server.rpc.calls.deadlines import DEFAULT_SECONDS, Deadlines
from server.rpc.calls.stalled_readers import STALLED, StalledReaders, reader_stalled
from server.rpc.messages.errors import CODES
from server.telemetry.call_spans import batches
from server.usecases.streams import Watcher

Streamer = Callable[[Message, Any], AsyncGenerator[bytes, None]]
"""A handler: yields messages as bytes, which many streams may share."""


def stream_handler(
    method: str, found: Any, callers: Callers, deadlines: Deadlines, stalled: StalledReaders
) -> "grpc.RpcMethodHandler[bytes, bytes]":
    """A servicer's server-streaming method, wrapped.

    A stream has no deadline here: its handler ends it with a last message that says why (`server.usecases.streams`).
    Why the request is a stream too: see `unary_handler`.
    """
    writing = stalled.writing
    handler: Streamer = found.unary_stream
    parse = request_parser(method, found.request_deserializer)
    public = method in PUBLIC
    check_role = gatekeeper(method)

    async def stream(_: object, context: Any) -> None:
        began = time.perf_counter()
        task = cast("asyncio.Task[None]", asyncio.current_task())
        this = current()
        context.set_trailing_metadata((("x-request-id", this.request_id),))
        try:
            if not public:
                this.caller = callers.tokens.recall(this.authorization) or await callers.verify(this)
                check_role(this.caller)
            request = parse(await deadlines.within(DEFAULT_SECONDS, context.read()))
            async with aclosing(handler(request, context)) as messages:
                with batches() as sent:
                    async for message in messages:
                        writing[task] = time.monotonic()
                        await context.write(message)
                        del writing[task]
                        sent(len(message))
        except asyncio.CancelledError as cancelled:
            if STALLED not in cancelled.args:
                record_end(this, "CANCELLED", began, is_stream=True)
                raise
            error = reader_stalled()
        except Exception as failure:
            error = error_for(failure, this)
        else:
            record_end(this, "OK", began, is_stream=True)
            return
        finally:
            writing.pop(task, None)
        record_end(this, CODES[error.reason.kind].name, began, error.reason.value, is_stream=True)
        await abort(context, error, this)

    return grpc.stream_stream_rpc_method_handler(stream, None, None)


def watcher(context: grpc.aio.ServicerContext[Any, Any]) -> Watcher:
    """The caller who opens the stream of the current call."""
    return Watcher(caller(), client_address(context), context.time_remaining())
