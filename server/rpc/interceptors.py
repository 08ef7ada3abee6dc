"""What every call of our services goes through: request id, deadline, identity, validation, errors, one log line."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import grpc
from google.protobuf.message import Message

from server.domain.errors import DomainError, Reason
from server.rpc.answering import Verify, abort, fault, reader, started, verified, write_line
from server.rpc.calls import Call
from server.rpc.errors import CODES
from server.rpc.sessions import headers_of, open_session
from server.rpc.streaming import streaming

DEFAULT_SECONDS = 5.0
_SHORTEST_SECONDS = 0.005
_FAREWELL_SECONDS = 0.1

Answer = Message | bytes
Handler = Callable[[Message, Any], Awaitable[Answer]]


class Calls:
    """Stands for a server while services are added to it, and wraps their methods.

    Not an interceptor of gRPC's: the server would ask it anew for every call.
    """

    def __init__(self, server: grpc.aio.Server, verify: Verify) -> None:
        self._server = server
        self._verify = verify

    def add_generic_rpc_handlers(self, handlers: object) -> None:
        """What generated code says once more by the other method."""

    def add_registered_method_handlers(self, service: str, methods: Mapping[str, Any]) -> None:
        """Add the methods of a service, each wrapped."""
        wrapped = {
            name: (streaming if found.response_streaming else answering)(f"/{service}/{name}", found, self._verify)
            for name, found in methods.items()
        }
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, wrapped),))


def answering(method: str, found: Any, verify: Verify) -> "grpc.RpcMethodHandler[bytes, bytes]":
    """A servicer's unary method, wrapped; it answers with a message, or with the bytes of one."""
    handler: Handler = found.unary_unary
    read = reader(method, found.request_deserializer)

    async def call(raw: bytes, context: Any) -> bytes:
        began = time.perf_counter()
        this, authorization = started(method, context)
        try:
            response = await _answer(this, lambda: handler(read(raw), context), context, verify, authorization)
        except DomainError as error:
            write_line(this, CODES[error.reason.kind].name, began, error)
            await abort(context, error, this)
        write_line(this, "OK", began, None)
        return response if isinstance(response, bytes) else response.SerializeToString()

    return grpc.unary_unary_rpc_method_handler(call, None, None)


async def _answer(
    call: Call, answer: Callable[[], Awaitable[Answer]], context: Any, verify: Verify, authorization: str | None
) -> Answer:
    try:
        with _Deadline(_budget(context.time_remaining())):
            call.caller = await verified(verify, call.method, authorization)
            session = open_session(call.caller.id, call.read_mark) if call.caller else None
            response = await answer()
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


class _Deadline:
    """Ends the running task's work with a TimeoutError after some seconds: asyncio.timeout at a third of its cost."""

    __slots__ = ("_passed", "_task", "_timer")

    def __init__(self, seconds: float) -> None:
        self._task = asyncio.current_task()
        self._passed = False
        self._timer = asyncio.get_running_loop().call_later(seconds, self._end)

    def _end(self) -> None:
        self._passed = True
        if self._task:
            self._task.cancel()

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        self._timer.cancel()
        if self._passed and self._task and self._task.uncancel() == 0 and kind is asyncio.CancelledError:
            raise TimeoutError


def _budget(remaining: float | None) -> float:
    if remaining is None:
        return DEFAULT_SECONDS
    if remaining < _SHORTEST_SECONDS:
        raise DomainError(Reason.DEADLINE_TOO_SHORT, "the deadline cannot be met, nothing was done: allow more time")
    # Ended a little early, a running statement is cancelled on the server before the caller hangs up.
    return remaining - min(_FAREWELL_SECONDS, remaining / 5)
