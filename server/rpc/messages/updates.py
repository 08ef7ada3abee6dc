"""Updates: which fields to change, and whether the new values follow the rules."""

from collections.abc import Collection

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from server.domain.errors import DomainError, Reason, Violation, invalid
from server.rpc.messages.validate import validate

_SHOWN = 50
"""How many characters of an unknown path an error repeats."""


def fields_to_change(mask: FieldMask, new: Message, changeable: Collection[str]) -> frozenset[str]:
    """The fields that a mask names, or that `new` sets if the mask is empty (INVALID_REQUEST)."""
    allowed = ", ".join(changeable)
    if unknown := [path for path in mask.paths if path not in changeable]:
        raise invalid("update_mask", f"{unknown[0][:_SHOWN]!r} cannot be changed: choose from {allowed}")
    fields = frozenset(mask.paths) or {field.name for field, _ in new.ListFields()} & set(changeable)
    if not fields:
        raise invalid("update_mask", f"there is nothing to change: choose from {allowed}")
    return frozenset(fields)


def check_same_id(field: str, within: str, wanted: str) -> None:
    """Refuse an object whose own id differs from the id in the request (INVALID_REQUEST)."""
    if within and within.lower() != wanted.lower():
        raise invalid(field, "differs from the id in the request: omit it, or send the same id")


def validate_fields(equivalent: Message, fields: Collection[str], within: str) -> None:
    """Refuse new values that break the rules of the message that creates such an object (INVALID_REQUEST).

    Only violations in `fields` count; errors name them as fields of `within`.
    """
    try:
        validate(equivalent)
    except DomainError as error:
        broken = [
            Violation(f"{within}.{each.field}", each.description) for each in error.violations if each.field in fields
        ]
        if broken:
            text = "; ".join(f"{each.field}: {each.description}" for each in broken)
            raise DomainError(Reason.INVALID_REQUEST, text, violations=broken) from None
