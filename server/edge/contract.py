"""What the edge knows of the contract: the methods, from its descriptors, and which of them need no token."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from google.api import annotations_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorSet, MethodDescriptorProto, MethodOptions

from server.domain.methods import METHODS
from server.edge.template import SOURCES

DESCRIPTORS = SOURCES / "yoyaku.binpb"
PACKAGE = "yoyaku.v1"


class EdgeError(Exception):
    """The edge cannot be configured; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the contract; `in_path` are the fields that its HTTP path names."""

    service: str
    name: str
    streams: bool
    reads: bool
    in_path: tuple[str, ...]

    @property
    def path(self) -> str:
        """Under which gRPC calls it."""
        return f"/{self.service}/{self.name}"

    @property
    def public(self) -> bool:
        """Whether it needs no token."""
        return not METHODS[self.path.removeprefix(f"/{PACKAGE}.")]


def descriptors() -> bytes:
    """The whole contract, compiled. Raises EdgeError if it was not built."""
    if not DESCRIPTORS.exists():
        raise EdgeError(f"{DESCRIPTORS} is missing: run `make` to build it from protos/")
    return DESCRIPTORS.read_bytes()


def methods() -> list[Method]:
    """All methods, in the order of the contract. Raises EdgeError if it was not built."""
    return [
        _method(f"{file.package}.{service.name}", method)
        for file in FileDescriptorSet.FromString(descriptors()).file
        if file.package == PACKAGE
        for service in file.service
        for method in service.method
    ]


def any_of(paths: Iterable[str]) -> str:
    """A regular expression for these paths."""
    return "|".join(map(re.escape, paths))


def _method(service: str, method: MethodDescriptorProto) -> Method:
    rule = method.options.Extensions[annotations_pb2.http]
    return Method(
        service=service,
        name=method.name,
        streams=method.server_streaming,
        reads=rule.WhichOneof("pattern") == "get" or method.options.idempotency_level == MethodOptions.NO_SIDE_EFFECTS,
        in_path=tuple(re.findall(r"{([\w.]+)", str(rule))),
    )
