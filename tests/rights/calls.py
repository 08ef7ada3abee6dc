"""Calls any method of the contract, over gRPC and over REST, as its descriptor says; answers look the same."""

import importlib
import json
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
import httpx
from google.api import annotations_pb2
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2
from grpc_status import rpc_status

import yoyaku.v1


def methods() -> Iterator[tuple[str, MethodDescriptor]]:
    """Every method of the contract, as Service/Method."""
    for info in pkgutil.iter_modules(yoyaku.v1.__path__):
        if info.name.endswith("_service_pb2"):
            file = importlib.import_module(f"yoyaku.v1.{info.name}").DESCRIPTOR
            for service in file.services_by_name.values():
                for method in service.methods:
                    yield f"{service.name}/{method.name}", method


def ids_in(request: Message) -> dict[str, str]:
    """The ids that a request names, and the fields that name them."""
    found: dict[str, str] = {}
    for field, value in request.ListFields():
        for each in value if field.is_repeated else [value]:
            if isinstance(each, Message):
                found |= ids_in(each)
            elif "_id" in field.name:
                found[each] = field.name
    return found


@dataclass(frozen=True)
class Answer:
    """What a caller learns: OK with a body (of a stream its first message), or a code, a reason and a text."""

    code: str
    reason: str = ""
    text: str = ""

    def without(self, ids: Mapping[str, str]) -> "Answer":
        """The same with names in place of ids."""
        text = self.text
        for each, name in ids.items():
            text = text.replace(each, f"<{name}>")
        return Answer(self.code, self.reason, text)


class Grpc:
    """Calls over gRPC."""

    name = "gRPC"

    def __init__(self, channel: grpc.Channel) -> None:
        self._channel = channel

    def __call__(self, method: MethodDescriptor, request: Message, token: str) -> Answer | None:
        """The answer to a call."""
        path = f"/{method.containing_service.full_name}/{method.name}"
        make: Any = self._channel.unary_stream if method.server_streaming else self._channel.unary_unary
        call = make(
            path,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=GetMessageClass(method.output_type).FromString,
        )
        metadata = tuple(_headers(token).items())
        try:
            answer = call(request, metadata=metadata, timeout=20)
            if method.server_streaming:
                stream, answer = answer, next(answer)
                stream.cancel()
            return Answer("OK", text=_json(answer))
        except grpc.RpcError as error:
            return _refusal(error)


def _refusal(error: Any) -> Answer:
    status, info = rpc_status.from_call(error), error_details_pb2.ErrorInfo()
    for detail in status.details if status else ():
        detail.Unpack(info)
    return Answer(error.code().name, info.reason, f"{error.details()} {dict(info.metadata)}")


class Rest:
    """Calls over REST, through Envoy."""

    name = "REST"

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def __call__(self, method: MethodDescriptor, request: Message, token: str) -> Answer | None:
        """The answer to a call; None for methods that REST does not have."""
        rule = method.GetOptions().Extensions[annotations_pb2.http]
        verb = rule.WhichOneof("pattern")
        if verb is None:
            return None
        fields = MessageToDict(request, preserving_proto_field_name=True)
        path = getattr(rule, verb)
        for name in list(fields):
            if f"{{{name}}}" in path:
                path = path.replace(f"{{{name}}}", fields.pop(name))
        content: dict[str, Any] = {"json": fields} if rule.body else {"params": fields}
        with self._http.stream(verb.upper(), path, headers=_headers(token), **content) as response:
            if method.server_streaming and response.is_success:
                return Answer("OK", text=next(response.iter_lines()))
            response.read()
        return Answer("OK", text=response.text) if response.is_success else _error(response)


def _error(response: httpx.Response) -> Answer:
    body = response.json()
    info: dict[str, Any] = next((each for each in body["details"] if each["@type"].endswith("ErrorInfo")), {})
    codes = {code.value[0]: code.name for code in grpc.StatusCode}
    return Answer(codes[body["code"]], info.get("reason", ""), f"{body['message']} {info.get('metadata', {})}")


def _headers(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"} if token else {}


def _json(message: Message) -> str:
    return json.dumps(MessageToDict(message, preserving_proto_field_name=True))
