"""What the edge knows about the contract: the methods, from its descriptors, and which of them need no token."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from google.api import annotations_pb2
from google.protobuf.descriptor import Descriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet, MethodDescriptorProto, MethodOptions
from google.protobuf.descriptor_pool import DescriptorPool

from server.domain.methods import FOR_VISITORS, METHODS
from server.edge.template import SOURCES

REFLECTION = tuple(f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo" for version in ("v1", "v1alpha"))
"""The methods that describe the contract to whoever has signed in."""
DESCRIPTORS = SOURCES / "yoyaku.binpb"
PACKAGE = "yoyaku.v1"


class EdgeError(Exception):
    """The edge cannot be configured; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the contract.

    `in_path` are the fields in its HTTP path; `in_body` are all fields that a JSON body may have, including nested
    ones (`patient.name`), each under both of its names.
    """

    service: str
    name: str
    streams: bool
    reads: bool
    in_path: tuple[str, ...]
    in_body: tuple[str, ...]

    @property
    def path(self) -> str:
        """The path under which gRPC calls it."""
        return f"/{self.service}/{self.name}"

    @property
    def public(self) -> bool:
        """Whether it needs no token."""
        return not METHODS[self._key]

    @property
    def for_visitors(self) -> bool:
        """Whether it also answers callers without a token."""
        return self._key in FOR_VISITORS

    @property
    def _key(self) -> str:
        return self.path.removeprefix(f"/{PACKAGE}.")


def descriptors() -> bytes:
    """The compiled descriptors of the contract. Raises EdgeError if it was not built."""
    return built(DESCRIPTORS)


def built(path: Path) -> bytes:
    """A file that is made from the contract. Raises EdgeError if it was not built."""
    if not path.exists():
        raise EdgeError(f"{path} is missing: run `make up`, which builds it from protos/")
    return path.read_bytes()


def methods() -> list[Method]:
    """All methods, in the order of the contract. Raises EdgeError if it was not built."""
    files = FileDescriptorSet.FromString(descriptors()).file
    pool = DescriptorPool()
    for file in files:
        pool.Add(file)
    return [
        _method(f"{file.package}.{service.name}", method, pool)
        for file in files
        if file.package == PACKAGE
        for service in file.service
        for method in service.method
    ]


def any_of(paths: Iterable[str]) -> str:
    """A regular expression that matches these paths."""
    return "|".join(map(re.escape, paths))


def _method(service: str, method: MethodDescriptorProto, pool: DescriptorPool) -> Method:
    rule = method.options.Extensions[annotations_pb2.http]
    return Method(
        service=service,
        name=method.name,
        streams=method.server_streaming,
        reads=rule.WhichOneof("pattern") == "get" or method.options.idempotency_level == MethodOptions.NO_SIDE_EFFECTS,
        in_path=tuple(re.findall(r"{([\w.]+)", str(rule))),
        in_body=tuple(_fields(pool.FindMessageTypeByName(method.input_type[1:]))) if rule.body else (),
    )


def _fields(message: Descriptor) -> Iterator[str]:
    """The JSON names of a message's fields. Google's own messages, such as Timestamp, are plain values in JSON."""
    for field in message.fields:
        inner = field.message_type
        nested = [] if inner is None or inner.full_name.startswith("google.protobuf.") else list(_fields(inner))
        for name in dict.fromkeys((field.name, field.json_name)):
            yield name
            yield from (f"{name}.{each}" for each in nested)
