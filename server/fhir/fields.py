"""Fields of a FHIR resource that may be missing or of any shape: text, lists, names, identifiers, instants."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from server import person_rules
from server.domain.people.characters import flaw
from server.domain.people.identifiers import is_placeholder, system_of, value_of
from server.person_rules import Unfit

Json = Mapping[str, Any]

MOST_CHARACTERS = 200
"""The greatest length of an identifier's system or value."""

_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Unusable(Exception):
    """A resource cannot be imported; `reason` says why and contains no personal data."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Origin:
    """The source of an export, and defaults for what its resources leave out."""

    source: str
    """The base URL or another unique name of the exporter, to distinguish its `Patient/1` from another's."""
    zone: ZoneInfo | None
    """The time zone of organizations that do not give one."""
    now: datetime
    region: str = ""
    """ISO 3166 code of the country of phone numbers that have none."""
    visit_minutes: int = 30
    """How long a visit without an end takes."""


class Identifier(NamedTuple):
    """The name that a system gives to something."""

    system: str
    value: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A resource that its exporter has withdrawn, as `entered-in-error` or `refuted`."""

    identifiers: Sequence[Identifier]
    reason: str
    """What it says, for a report."""
    notes: Sequence[str] = ()


def mapping(value: object) -> Json:
    """The value if it is an object; otherwise an empty object."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[Any]:
    """The list; empty if the value is not one."""
    return value if isinstance(value, list) else []


def items(value: object) -> list[Json]:
    """The objects in a list; empty if the value is not a list."""
    return [each for each in listed(value) if isinstance(each, dict)]


def text(value: object) -> str:
    """The text without surrounding space; empty if the value is not text or has no visible characters.

    Raises Unusable for text with control characters or with characters that change the direction of text.
    """
    written = value.strip() if isinstance(value, str) else ""
    if not (problem := flaw(written, lines=True)):
        return written
    if flaw(f"x{written}", lines=True):
        raise Unusable(f"a text {problem}")
    return ""


def resource_id(resource: Json) -> str:
    """The resource's id (Unusable)."""
    value = resource.get("id")
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise Unusable("id is missing or not a valid FHIR id")
    return value


def own(kind: str, value: str, origin: Origin) -> Identifier:
    """The identifier that represents `Type/id` of the exporter; a UUID is the same in upper and lower case."""
    return Identifier(system_of(f"{origin.source}/{kind}"), value.lower() if _UUID.fullmatch(value) else value)


def identifiers(resource: Json, origin: Origin, notes: list[str]) -> Sequence[Identifier]:
    """The identifier that represents the resource's own id, then those that it names; no duplicates (Unusable).

    Identifiers that have ended or identify nobody are left out, with a note. One without a system gets that of the
    source.
    """
    found = {own(text(resource["resourceType"]), resource_id(resource), origin): None}
    for given in items(resource.get("identifier")):
        system, value = system_of(text(given.get("system"))), value_of(text(given.get("value")))
        if not value:
            continue
        identifier = Identifier(system or without_system(origin), value)
        if problem := _flaw_of(identifier, given, origin.now):
            notes.append(f"its identifier of {shown(identifier)} {problem}: it is left off")
        else:
            found[identifier] = None
    return tuple(found)


def _flaw_of(identifier: Identifier, given: Json, now: datetime) -> str:
    if text(given.get("use")) == "old" or has_ended(given, now):
        return "has ended"
    if is_placeholder(identifier.value):
        return "is a placeholder, which identifies nobody"
    if any(len(part) > MOST_CHARACTERS or flaw(part) for part in identifier):
        return f"is longer than {MOST_CHARACTERS} characters or holds some that are not allowed"
    return ""


def without_system(origin: Origin) -> str:
    """The system given to identifiers that name none."""
    return system_of(f"{origin.source}/identifier")


def as_written(identifier: Identifier, origin: Origin) -> Identifier:
    """An identifier as the resource writes it."""
    return identifier._replace(system="") if identifier.system == without_system(origin) else identifier


def current_identifiers(resource: Json) -> list[Identifier]:
    """The identifiers of a resource that are not marked as old, as they are written."""
    given = [each for each in items(resource.get("identifier")) if each.get("use") != "old"]
    return [
        Identifier(system_of(str(each.get("system") or "")), value_of(str(each.get("value"))))
        for each in given
        if each.get("value") and not mapping(each.get("period")).get("end")
    ]


def shown(identifier: Identifier) -> str:
    """An identifier for a report: only its system, because the value may identify a person."""
    return "".join(character for character in identifier.system[:100] if character.isprintable())


def has_ended(given: Json, now: datetime) -> bool:
    """Whether the period of a name, an identifier or a contact point has ended."""
    end = text(mapping(given.get("period")).get("end"))
    # A FHIR date may give only a year or a month: the period then ends with the last moment of that year or month.
    return bool(end) and end[:10] < now.date().isoformat()[: len(end[:10])]


def current(value: object, now: datetime) -> list[Json]:
    """The objects in a list, such as addresses, that are not marked as old and whose period has not ended."""
    return [each for each in items(value) if each.get("use") != "old" and not has_ended(each, now)]


def name(value: object, rule: Callable[[str], str] = person_rules.name) -> str:
    """A name (Unusable if it is missing or not valid)."""
    if not (written := text(value)):
        raise Unusable("name is missing")
    try:
        return rule(written)
    except Unfit as unfit:
        raise Unusable(f"name {unfit.reason}") from None


def concept(value: object) -> str:
    """The text of a CodeableConcept, or of that in a CodeableReference, on one line; empty if it has none."""
    given = mapping(value)
    given = mapping(given.get("concept")) or given
    displays = (text(coding.get("display")) for coding in items(given.get("coding")))
    return " ".join((text(given.get("text")) or next(filter(None, displays), "")).split())


def services(value: object) -> list[str]:
    """The names of a list of services."""
    return [*filter(None, map(concept, items(value)))]


def coded(value: object) -> str:
    """The first code of a CodeableConcept, for those that have no words; empty if there is none."""
    return next(filter(None, (text(coding.get("code")) for coding in items(mapping(value).get("coding")))), "")
