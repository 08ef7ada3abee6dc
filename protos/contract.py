"""The built contract as plain values: what the descriptor set says, found by full name."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

Node = dict[str, Any]
Place = tuple[int, ...]

_OF_MESSAGE = {"field": 2, "nested_type": 3, "enum_type": 4}
# What each kind of element holds, with the numbers by which source info addresses it (descriptor.proto).
_CHILDREN: dict[str, dict[str, int]] = {
    "file": {"message_type": 4, "enum_type": 5, "service": 6},
    "message_type": _OF_MESSAGE,
    "nested_type": _OF_MESSAGE,
    "enum_type": {"value": 2},
    "service": {"method": 2},
}


class Contract:
    """Messages, enums and services as JSON values by full name; each element has its comment under `comment`."""

    def __init__(self, descriptors: Path) -> None:
        self.messages: dict[str, Node] = {}
        self.enums: dict[str, Node] = {}
        self.services: dict[str, Node] = {}
        homes = {
            "message_type": self.messages,
            "nested_type": self.messages,
            "enum_type": self.enums,
            "service": self.services,
        }
        for file in _files(descriptors.read_bytes()):
            comments = _comments(file)
            for kind, name, place, node in _elements("file", file, file.get("package", ""), ()):
                node["comment"] = comments.get(place, "")
                homes.get(kind, {})[name] = node


def _files(content: bytes) -> list[Node]:
    """The files as JSON values, read by a pool of their own, which knows their options (HTTP paths, rules)."""
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(content).file:
        pool.AddSerializedFile(file.SerializeToString())
    kind = message_factory.GetMessageClass(pool.FindMessageTypeByName("google.protobuf.FileDescriptorSet"))
    files: list[Node] = json_format.MessageToDict(
        kind.FromString(content), preserving_proto_field_name=True, descriptor_pool=pool
    )["file"]
    return files


def _elements(kind: str, node: Node, scope: str, place: Place) -> Iterator[tuple[str, str, Place, Node]]:
    for child_kind, number in _CHILDREN.get(kind, {}).items():
        for index, child in enumerate(node.get(child_kind, ())):
            name, child_place = f"{scope}.{child['name']}", (*place, number, index)
            yield child_kind, name, child_place, child
            yield from _elements(child_kind, child, name, child_place)


def _comments(file: Node) -> dict[Place, str]:
    locations = file.get("source_code_info", {}).get("location", ())
    return {tuple(each.get("path", ())): _text(each.get("leading_comments", "")) for each in locations}


def _text(comment: str) -> str:
    return "\n".join(line.removeprefix(" ").rstrip() for line in comment.splitlines()).strip()
