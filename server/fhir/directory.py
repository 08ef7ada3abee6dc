"""Organizations, their locations, practitioners and the roles that they have at organizations."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from server.domain.characters import without_ignorable
from server.fhir.fields import (
    Identifier,
    Json,
    Origin,
    Unusable,
    concept,
    identifiers,
    items,
    name,
    text,
)
from server.fhir.names import names_of
from server.fhir.references import Reference, reference, references
from server.fhir.telecom import phone_of
from server.fhir.zones import zone_of

GENERAL_PRACTICE = "General practice"
"""Specialty of a doctor whose export tells none."""
_MOST_OF_SPECIALTY = 100
_MOST_OF_ADDRESS = 300


@dataclass(frozen=True, slots=True)
class Organization:
    """What becomes a clinic."""

    identifiers: Sequence[Identifier]
    name: str
    time_zone: str
    address: str
    """In one line; empty if unknown."""
    phone: str
    """In E.164 form; empty if unknown."""
    notes: Sequence[str] = ()
    """What of the resource is left off, and why."""


@dataclass(frozen=True, slots=True)
class Location:
    """A place of an organization: more names for its clinic."""

    identifiers: Sequence[Identifier]
    organization: Reference
    notes: Sequence[str] = ()
    """What of the resource is left off, and why."""


@dataclass(frozen=True, slots=True)
class Practitioner:
    """A person who treats patients."""

    identifiers: Sequence[Identifier]
    name: str
    notes: Sequence[str] = ()
    """What of the resource is left off, and why."""


@dataclass(frozen=True, slots=True)
class PractitionerRole:
    """What a practitioner is at an organization: a doctor."""

    identifiers: Sequence[Identifier]
    practitioner: Reference
    places: Sequence[Reference]
    """The organization, then the locations of the role: the first one known counts."""
    specialty: str
    active: bool
    notes: Sequence[str] = ()
    """What of the resource is left off, and why."""


def organization(resource: Json, origin: Origin) -> Organization:
    """Read an Organization (Unusable)."""
    addresses = items(resource.get("address"))
    notes: list[str] = []
    return Organization(
        identifiers(resource, origin, notes),
        name(resource.get("name")),
        zone_of(addresses, origin.zone).key,
        next(filter(None, map(_in_one_line, addresses)), "")[:_MOST_OF_ADDRESS],
        phone_of(resource, origin, notes),
        notes,
    )


def _in_one_line(address: Json) -> str:
    lines = address.get("line")
    parts = [*(lines if isinstance(lines, list) else []), *map(address.get, ("city", "state", "postalCode"))]
    return " ".join((text(address.get("text")) or ", ".join(filter(None, map(text, parts)))).split())


def location(resource: Json, origin: Origin) -> Location:
    """Read a Location (Unusable)."""
    managing = reference(resource.get("managingOrganization"), "Organization", origin)
    if managing is None:
        raise Unusable(
            "managingOrganization is missing or does not refer to an Organization, so the location belongs to no clinic"
        )
    notes: list[str] = []
    return Location(identifiers(resource, origin, notes), managing, notes)


def practitioner(resource: Json, origin: Origin) -> Practitioner:
    """Read a Practitioner (Unusable)."""
    notes: list[str] = []
    return Practitioner(identifiers(resource, origin, notes), names_of(resource.get("name"), origin.now).name, notes)


def role(resource: Json, origin: Origin) -> PractitionerRole:
    """Read a PractitionerRole (Unusable)."""
    person = reference(resource.get("practitioner"), "Practitioner", origin)
    if person is None:
        raise Unusable("practitioner is missing or does not refer to a Practitioner")
    places = references([resource.get("organization")], "Organization", origin)
    places += references(_listed(resource.get("location")), "Location", origin)
    if not places:
        raise Unusable("organization is missing or does not refer to an Organization")
    specialties = map(concept, [*_listed(resource.get("specialty")), *_listed(resource.get("code"))])
    specialty = next(filter(None, map(without_ignorable, specialties)), GENERAL_PRACTICE)
    active = resource.get("active") is not False
    notes: list[str] = []
    return PractitionerRole(
        identifiers(resource, origin, notes), person, places, specialty[:_MOST_OF_SPECIALTY], active, notes
    )


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
