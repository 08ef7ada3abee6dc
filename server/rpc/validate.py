"""Checks requests against the rules that the contract states."""

import protovalidate
from google.protobuf.message import Message
from protovalidate import FieldPathPb

from server.domain.errors import DomainError, Reason, Violation

_VALIDATOR = protovalidate.Validator()


def validate(request: Message) -> None:
    """Refuse a request that breaks a rule of the contract (INVALID_REQUEST, with every field that does)."""
    found = _VALIDATOR.collect_violations(request)
    if not found:
        return
    violations = [Violation(_path(each.proto.field), each.proto.message) for each in found]
    text = "; ".join(f"{each.field}: {each.description}" if each.field else each.description for each in violations)
    raise DomainError(Reason.INVALID_REQUEST, text, violations=violations)


def _path(path: FieldPathPb | None) -> str:
    if path is None:
        return ""
    return ".".join(
        element.field_name + (f"[{element.subscript.value}]" if element.subscript else "") for element in path.elements
    )
