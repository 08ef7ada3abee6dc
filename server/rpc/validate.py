"""Checks requests against the rules that the contract states."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import protovalidate
from google.protobuf.message import Message
from protovalidate import FieldPathPb

from server.domain.characters import flaw
from server.domain.errors import DomainError, Reason, Violation, invalid
from server.particulars import Unfit

T = TypeVar("T")

_VALIDATOR = protovalidate.Validator()

WORDS = {
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}$": "must be a date, as YYYY-MM-DD",
    "^([01][0-9]|2[0-3]):[0-5][0-9]$": "must be a time of day, as HH:MM",
    "^[A-Za-z0-9]{8}$": "must be the eight letters and digits that the display shows",
    "^\\+[1-9][0-9]{6,14}$": "must be a phone number in E.164 form, such as +81312345678",
}
"""What the patterns of the contract ask for, in words."""
_LINES = frozenset({"text", "reason", "override_reason"})
"""Fields that may have several lines."""
_SECRETS = frozenset({"password", "current_password", "new_password"})
"""Fields that have a rule of their own, and are shown to nobody."""


def validate(request: Message | None) -> Message:
    """The request, unless it breaks a rule of the contract (INVALID_REQUEST, with every field that does).

    None stands for bytes that could not be read. Beyond the contract, every text must be fit to be kept and shown; see
    `server.domain.characters`.
    """
    if request is None:
        raise DomainError(
            Reason.INVALID_REQUEST,
            "the message cannot be decoded: check its encoding, and that all text is valid UTF-8",
        )
    violations = [Violation(_path(each.proto.field), _words(each)) for each in _VALIDATOR.collect_violations(request)]
    violations += _unfit_texts(request)
    if not violations:
        return request
    text = "; ".join(f"{each.field}: {each.description}" if each.field else each.description for each in violations)
    raise DomainError(Reason.INVALID_REQUEST, text, violations=violations)


def checked(field: str, rule: Callable[[str], T], written: str, empty: T) -> T:
    """What a rule of `server.particulars` makes of a field (INVALID_REQUEST); `empty` of an empty one."""
    try:
        return rule(written) if written else empty
    except Unfit as unfit:
        raise invalid(field, unfit.reason) from None


def _unfit_texts(message: Message, prefix: str = "") -> Iterator[Violation]:
    for field, value in message.ListFields():
        for each in value if field.is_repeated else (value,):
            if isinstance(each, str):
                problem = flaw(each, lines=field.name in _LINES)
                if problem and field.name not in _SECRETS:
                    yield Violation(prefix + field.name, problem)
            elif isinstance(each, Message):
                yield from _unfit_texts(each, f"{prefix}{field.name}.")


def _words(violation: protovalidate.Violation) -> str:
    if violation.proto.rule_id == "string.pattern":
        return WORDS[violation.rule_value]
    return violation.proto.message


def _path(path: FieldPathPb | None) -> str:
    if path is None:
        return ""
    return ".".join(
        element.field_name + (f"[{element.subscript.value}]" if element.subscript else "") for element in path.elements
    )
