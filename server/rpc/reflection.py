"""grpc.reflection v1 and v1alpha: the contract, for clients that learn it from the server, such as grpcurl."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import grpc
from google.protobuf import descriptor_pool, json_format
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_reflection.v1alpha import reflection, reflection_pb2
from grpc_status import rpc_status

from server.domain.errors import DomainError, Reason
from server.rpc.messages.errors import status_of

QUESTIONS = 64
"""How many questions a stream answers. An answer may have 80 KB, most of the contract, and takes half a millisecond."""
_V1 = "grpc.reflection.v1.ServerReflection"
_METHOD = "ServerReflectionInfo"


class Reflection(reflection.aio.ReflectionServicer):  # type: ignore[misc]  # grpc_reflection has no types
    """Describes these services and itself. The versions differ in their package's name only."""

    def __init__(self, services: Sequence[str]) -> None:
        _add_v1()
        super().__init__((*services, reflection.SERVICE_NAME, _V1))

    def handlers(self) -> Sequence[grpc.GenericRpcHandler]:
        """Both versions, for a gRPC server."""
        handler = grpc.stream_stream_rpc_method_handler(
            self._answers,
            reflection_pb2.ServerReflectionRequest.FromString,
            reflection_pb2.ServerReflectionResponse.SerializeToString,
        )
        services = (reflection.SERVICE_NAME, _V1)
        return [grpc.method_handlers_generic_handler(name, {_METHOD: handler}) for name in services]

    async def _answers(self, questions: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        try:
            async for answer in self.ServerReflectionInfo(_first(questions), context):
                yield answer
        except DomainError as error:
            status = rpc_status.to_status(status_of(error))
            await context.abort(status.code, status.details, status.trailing_metadata)


async def _first(questions: AsyncIterator[Any]) -> AsyncIterator[Any]:
    asked = 0
    async for question in questions:
        asked += 1
        if asked > QUESTIONS:
            raise DomainError(Reason.OVERLOADED, f"a stream answers {QUESTIONS} questions: ask the others in a new one")
        yield question


def _add_v1() -> None:
    """Make version 1 known to clients that ask for its own file; grpc_reflection has only v1alpha."""
    file = FileDescriptorProto()
    reflection_pb2.DESCRIPTOR.CopyToProto(file)
    text = json_format.MessageToJson(file).replace("v1alpha", "v1")
    descriptor_pool.Default().Add(json_format.Parse(text, FileDescriptorProto()))
