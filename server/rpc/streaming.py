"""What every stream of our services goes through: request id, identity, validation, errors, one log line at its end."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

import grpc
from google.protobuf.message import Message

from server.domain.errors import DomainError
from server.rpc.answering import Verify, abort, fault, reader, started, verified, write_line
from server.rpc.calls import Call
from server.rpc.errors import CODES

Streamer = Callable[[Message, Any], AsyncGenerator[bytes, None]]
"""A handler: gives messages as bytes, which many streams may share."""


def streaming(method: str, found: Any, verify: Verify) -> "grpc.RpcMethodHandler[bytes, bytes]":
    """A servicer's server-streaming method, wrapped.

    A stream has no deadline of its own: its handler ends it, with a last message that says why, by
    `server.usecases.streams`.
    """
    handler: Streamer = found.unary_stream
    read = reader(method, found.request_deserializer)

    async def stream(raw: bytes, context: Any) -> None:
        began = time.perf_counter()
        this, authorization = started(method, context)
        try:
            await _run(this, lambda: handler(read(raw), context), context, verify, authorization)
        except DomainError as error:
            write_line(this, CODES[error.reason.kind].name, began, error)
            await abort(context, error, this)
        except asyncio.CancelledError:
            write_line(this, "CANCELLED", began, None)
            raise
        write_line(this, "OK", began, None)

    return grpc.unary_stream_rpc_method_handler(stream, None, None)


async def _run(
    call: Call,
    answer: Callable[[], AsyncGenerator[bytes, None]],
    context: Any,
    verify: Verify,
    authorization: str | None,
) -> None:
    try:
        call.caller = await verified(verify, call.method, authorization)
        async with aclosing(answer()) as messages:
            async for message in messages:
                await context.write(message)
    except DomainError:
        raise
    except Exception as error:
        raise fault(error, call) from None
