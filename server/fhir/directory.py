"""Organizations, their locations, and practitioners."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.fhir import extensions
from server.fhir.fields import (
    Identifier,
    Json,
    Origin,
    Unusable,
    current,
    identifiers,
    items,
    listed,
    name,
    text,
)
from server.fhir.names import names_of
from server.fhir.references import Reference, reference
from server.fhir.telecom import phone_of
from server.fhir.zones import zone_of

# Codes of http://terminology.hl7.org/CodeSystem/organization-type.
_GIVES_CARE = "prov"
NO_TYPE = "its type does not say that it gives care"
_GIVE_NO_CARE = {"ins", "pay", "edu", "reli", "crs", "bus", "govt", "cg"}
_MOST_OF_ADDRESS = 300


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization, which becomes a clinic."""

    identifiers: Sequence[Identifier]
    name: str
    time_zone: str
    address: str
    """On one line; empty if unknown."""
    phone: str
    """In E.164 form; empty if unknown."""
    policy: Mapping[str, int]
    """The booking policy, as far as it has one."""
    no_provider: str
    """Why it is no clinic unless something refers to it as one; empty if its type says that it is."""
    notes: Sequence[str] = ()
    """What was left out of the resource, and why."""


@dataclass(frozen=True, slots=True)
class Location:
    """A location of an organization: another identifier of its clinic."""

    identifiers: Sequence[Identifier]
    owner: Reference
    """The organization, else the location that it is part of."""
    notes: Sequence[str] = ()
    """What was left out of the resource, and why."""


@dataclass(frozen=True, slots=True)
class Practitioner:
    """A person who treats patients."""

    identifiers: Sequence[Identifier]
    name: str
    active: bool
    notes: Sequence[str] = ()
    """What was left out of the resource, and why."""


def organization(resource: Json, origin: Origin) -> Organization:
    """Read an Organization (Unusable)."""
    addresses = current(resource.get("address"), origin.now)
    notes: list[str] = []
    return Organization(
        identifiers(resource, origin, notes),
        _name_of(resource, notes),
        (extensions.zone(resource) or zone_of(addresses, origin.zone, notes)).key,
        next(filter(None, map(_in_one_line, addresses)), "")[:_MOST_OF_ADDRESS],
        phone_of(resource, origin, notes),
        extensions.policy(resource),
        _no_provider(resource, origin),
        notes,
    )


def _name_of(resource: Json, notes: list[str]) -> str:
    aliases = [each for each in listed(resource.get("alias")) if text(each)]
    if text(resource.get("name")) or not aliases:
        return name(resource.get("name"))
    notes.append("it has no name: its first alias is used")
    return name(aliases[0])


def _no_provider(resource: Json, origin: Origin) -> str:
    kinds = [text(coding.get("code")) for kind in items(resource.get("type")) for coding in items(kind.get("coding"))]
    if _GIVES_CARE in kinds:
        return ""
    if other := next((kind for kind in kinds if kind in _GIVE_NO_CARE), ""):
        return f"its type is {other}"
    if resource.get("active") is False:
        return "it is not active"
    if reference(resource.get("partOf"), "Organization", origin):
        return "it is part of another"
    return NO_TYPE


def _in_one_line(address: Json) -> str:
    lines = address.get("line")
    parts = [*(lines if isinstance(lines, list) else []), *map(address.get, ("city", "state", "postalCode"))]
    return " ".join((text(address.get("text")) or ", ".join(filter(None, map(text, parts)))).split())


def location(resource: Json, origin: Origin) -> Location:
    """Read a Location (Unusable)."""
    owner = reference(resource.get("managingOrganization"), "Organization", origin)
    owner = owner or reference(resource.get("partOf"), "Location", origin)
    if owner is None:
        raise Unusable(
            "managingOrganization and partOf are both missing or refer to nothing here, so the location belongs to no"
            " clinic"
        )
    notes: list[str] = []
    return Location(identifiers(resource, origin, notes), owner, notes)


def practitioner(resource: Json, origin: Origin) -> Practitioner:
    """Read a Practitioner (Unusable)."""
    notes: list[str] = []
    active = resource.get("active") is not False
    return Practitioner(
        identifiers(resource, origin, notes), names_of(resource.get("name"), origin.now).name, active, notes
    )
