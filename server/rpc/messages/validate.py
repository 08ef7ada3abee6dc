"""Checks requests against the rules that the contract states."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import TypeVar

import protovalidate
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from protovalidate import FieldPathPb

from buf.validate import validate_pb2
from server.domain.errors import DomainError, Reason, Violation, invalid
from server.domain.people.characters import flaw
from server.person_rules import Unfit

T = TypeVar("T")

_MOST_ITEMS = 100
"""The most items of a list for which the contract sets no limit, such as the paths of a FieldMask."""
_MOST_VIOLATIONS = 10
"""The trailers of an answer must stay small: if they are too large, Envoy closes the connection and all its calls."""

_VALIDATOR = protovalidate.Validator()

WORDS = {
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}$": "must be a date, as YYYY-MM-DD",
    "^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$": "must be a date, as YYYY-MM-DD, YYYY-MM or YYYY",
    "^([01][0-9]|2[0-3]):[0-5][0-9]$": "must be a time of day, as HH:MM",
    "^[a-z0-9][a-z0-9-]{0,49}$": "must be a kind such as ultrasound: lower-case letters, digits and hyphens",
    "^\\+[1-9][0-9]{6,14}(;ext=[0-9]{1,20})?$": (
        "must be a phone number in E.164 form, such as +81312345678, or +81312345678;ext=12"
    ),
    "^([a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)+|[a-z][a-z0-9+.-]*:[!-~]+)$": (
        "must be a URI such as spiffe://hospital.example/laboratory, or a DNS name in lower case"
    ),
}
"""What the patterns of the contract require, in words."""
_LINES = frozenset({"text", "reason", "override_reason"})
"""Fields that may contain line breaks."""
_SECRETS = frozenset({"password", "current_password", "new_password"})
"""Fields that have rules of their own, and are never shown to anybody."""


def validate(request: Message | None) -> Message:
    """The request, unless it breaks a rule of the contract (INVALID_REQUEST, with the fields that do).

    None stands for bytes that could not be decoded. In addition to the contract, every text must be fit to be stored
    and shown; see `server.domain.people.characters`.
    """
    if request is None:
        raise DomainError(
            Reason.INVALID_REQUEST,
            "the message cannot be decoded: check its encoding, and that all text is valid UTF-8",
        )
    violations = list(islice(_violations(request), _MOST_VIOLATIONS))
    if not violations:
        return request
    text = "; ".join(f"{each.field}: {each.description}" if each.field else each.description for each in violations)
    raise DomainError(Reason.INVALID_REQUEST, text, violations=violations)


def _violations(request: Message) -> Iterator[Violation]:
    """List lengths come first: the items of a list that is too long are not checked."""
    if too_many := list(_long_lists(request)):
        yield from too_many
        return
    for each in _VALIDATOR.collect_violations(request):
        yield Violation(_path(each.proto.field), _words(each))
    yield from _unfit_texts(request)


def _long_lists(message: Message, prefix: str = "") -> Iterator[Violation]:
    """Lists with more items than the contract permits, except inside the items of another list."""
    for field, most in _lists_of(message.DESCRIPTOR):
        if (number := len(getattr(message, field))) > most:
            yield Violation(f"{prefix}{field}", f"has {number} items, but may have {most} at most")
    for field in _nested_of(message.DESCRIPTOR):
        if message.HasField(field):
            yield from _long_lists(getattr(message, field), f"{prefix}{field}.")


@cache  # by message of the contract
def _lists_of(descriptor: Descriptor) -> Sequence[tuple[str, int]]:
    lists = (field for field in descriptor.fields if field.is_repeated)
    rules = ((field.name, field.GetOptions().Extensions[validate_pb2.field].repeated) for field in lists)
    return [(name, rule.max_items or _MOST_ITEMS) for name, rule in rules]


@cache  # by message of the contract
def _nested_of(descriptor: Descriptor) -> Sequence[str]:
    return [field.name for field in descriptor.fields if field.message_type and not field.is_repeated]


def checked(field: str, rule: Callable[[str], T], written: str, empty: T) -> T:
    """A field as a rule of `server.person_rules` returns it (INVALID_REQUEST); `empty` for an empty field."""
    try:
        return rule(written) if written else empty
    except Unfit as unfit:
        raise invalid(field, unfit.reason) from None


def _unfit_texts(message: Message, prefix: str = "") -> Iterator[Violation]:
    for field, value in message.ListFields():
        if isinstance(value, str) and value.isascii() and value.isprintable() and not value.isspace():
            continue  # nearly every text
        for number, each in enumerate(value if field.is_repeated else (value,)):
            if isinstance(each, str):
                problem = flaw(each, lines=field.name in _LINES)
                if problem and field.name not in _SECRETS:
                    yield Violation(_place(prefix, field, number), problem)
            elif isinstance(each, Message):
                yield from _unfit_texts(each, f"{_place(prefix, field, number)}.")


def _place(prefix: str, field: FieldDescriptor, number: int) -> str:
    return f"{prefix}{field.name}[{number}]" if field.is_repeated else f"{prefix}{field.name}"


def _words(violation: protovalidate.Violation) -> str:
    if violation.proto.rule_id == "string.pattern":
        return WORDS[violation.rule_value]
    if violation.proto.rule_id == "string.uuid":
        return "must be a UUID, such as 019ab0c2-7d10-7c3e-9a4f-0242ac120003: copy all 36 characters of the id"
    # protovalidate says it in the words of its rule.
    return violation.proto.message.replace("must be at least 1 characters", "must not be empty")


def _path(path: FieldPathPb | None) -> str:
    if path is None:
        return ""
    return ".".join(
        element.field_name + (f"[{element.subscript.value}]" if element.subscript else "") for element in path.elements
    )
