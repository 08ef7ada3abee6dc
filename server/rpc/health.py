"""grpc.health.v1: the health of each service, with errors in the form that all others have."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from grpc_health.v1 import health
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_status import rpc_status

from server.domain.errors import DomainError, Reason
from server.rpc.messages.errors import status_of

VERSION_KEY = "x-yoyaku-version"
"""The trailing metadata of a check that says which release answers."""


class Health:
    """What load balancers learn about a worker and its services; SERVING until `say` changes that."""

    def __init__(self, services: Sequence[str]) -> None:
        self._services = ("", *services)
        self._known = health.aio.HealthServicer()
        self._version = ((VERSION_KEY, version("yoyaku")),)

    async def say(self, status: "HealthCheckResponse.ServingStatus.ValueType") -> None:
        """Set the health of the worker and of all its services."""
        for name in self._services:
            await self._known.set(name, status)

    def handlers(self) -> grpc.GenericRpcHandler:
        """The service, for a gRPC server."""
        encode = HealthCheckResponse.SerializeToString
        check: grpc.RpcMethodHandler[bytes, HealthCheckResponse] = grpc.unary_unary_rpc_method_handler(
            self._check, None, encode
        )
        watch = grpc.unary_stream_rpc_method_handler(self._known.Watch, HealthCheckRequest.FromString, encode)
        return grpc.method_handlers_generic_handler(health.SERVICE_NAME, {"Check": check, "Watch": watch})

    async def _check(self, raw: bytes, context: Any) -> HealthCheckResponse:
        context.set_trailing_metadata(self._version)
        try:
            return await self._known.Check(self._asked(raw), context)
        except DomainError as error:
            status = rpc_status.to_status(status_of(error))
            await context.abort(status.code, status.details, status.trailing_metadata)
            raise

    def _asked(self, raw: bytes) -> HealthCheckRequest:
        try:
            request = HealthCheckRequest.FromString(raw)
        except DecodeError:
            raise DomainError(Reason.INVALID_REQUEST, "the message cannot be decoded: check its encoding") from None
        if request.service not in self._services:
            raise DomainError(
                Reason.UNKNOWN_METHOD,
                "there is no such service: ask for one of the contract, such as yoyaku.v1.AuthService, or for none",
            )
        return request
