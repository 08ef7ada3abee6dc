"""A server of the test's own, which answers as it is told: for failures that the real one cannot be brought to."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import grpc
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from yoyaku import Client, YoyakuError
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1 import auth_service_pb2 as auth

Answer = Message | Callable[[dict[str, str]], Message]
"""What to answer: the message, or the status that the call is to fail with; or what makes it of the call's headers."""


def failure(
    code: grpc.StatusCode, reason: str = "", *details: Message, message: str = "no", **metadata: str
) -> status_pb2.Status:
    """A status with the details that yoyaku gives it; without a reason, a bare one as proxies make them."""
    status = status_pb2.Status(code=code.value[0], message=message)
    info = [error_details_pb2.ErrorInfo(reason=reason, domain="yoyaku", metadata=metadata)] if reason else []
    for detail in (*info, *details):
        packed = Packed()
        packed.Pack(detail)
        status.details.append(packed)
    return status


def retry_after(seconds: float) -> error_details_pb2.RetryInfo:
    """The wish to be asked again after some time."""
    info = error_details_pb2.RetryInfo()
    info.retry_delay.FromTimedelta(timedelta(seconds=seconds))
    return info


@dataclass
class StandIn:
    """Gives its answers one after the other, the last one for ever, and keeps what it was asked."""

    answers: list[Answer]
    requests: list[Any] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    remaining: list[float] = field(default_factory=list)
    address: str = ""

    def handlers(self) -> list[grpc.GenericRpcHandler]:
        """The methods that it has, by service."""
        readers: dict[str, tuple[Any, ...]] = {
            "AppointmentService": (pb.GetAppointmentRequest, pb.CreateAppointmentRequest),
            "AuthService": (auth.RefreshTokenRequest, auth.ExchangeDeviceTokenRequest),
        }
        return [
            grpc.method_handlers_generic_handler(f"yoyaku.v1.{service}", {
                kind.__name__.removesuffix("Request"): grpc.unary_unary_rpc_method_handler(
                    self._answer, kind.FromString, lambda answer: answer.SerializeToString()
                )
                for kind in kinds
            })
            for service, kinds in readers.items()
        ]  # fmt: skip

    async def _answer(self, request: Message, context: Any) -> Any:
        self.requests.append(request)
        self.headers.append(dict(iter(context.invocation_metadata())))
        self.remaining.append(context.time_remaining())
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        answer = answer(self.headers[-1]) if callable(answer) else answer
        if not isinstance(answer, status_pb2.Status):
            return answer
        status = rpc_status.to_status(answer)
        trailers = (("x-request-id", "r-17"), *(status.trailing_metadata if answer.details else ()))
        return await context.abort(status.code, status.details, trailers)


@asynccontextmanager
async def standing_in(
    *answers: Answer, address: str = "127.0.0.1:0", credentials: grpc.ServerCredentials | None = None
) -> AsyncIterator[StandIn]:
    """A running stand-in; `address` is its own for a Client."""
    stand_in = StandIn(list(answers))
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(stand_in.handlers())
    port = server.add_secure_port(address, credentials) if credentials else server.add_insecure_port(address)
    stand_in.address = f"{'https' if credentials else 'http'}://127.0.0.1:{port}"
    await server.start()
    try:
        yield stand_in
    finally:
        await server.stop(0)


async def outcome(answers: Sequence[Answer], deadline: float = 5, **options: Any) -> tuple[StandIn, Any]:
    """The stand-in after one GetAppointment, and what came of it: the answer or the exception."""
    async with standing_in(*answers) as stand_in, Client(stand_in.address, deadline=deadline, **options) as client:
        try:
            return stand_in, await client.get_appointment("a")
        except YoyakuError as error:
            return stand_in, error
