"""References between resources: `Type/id`, perhaps after a URL, `Type?identifier=system|value`, or an identifier."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple
from urllib.parse import unquote

from server.domain.people.identifiers import system_of, value_of
from server.fhir.fields import Identifier, Json, Origin, items, mapping, own, text

_LITERAL = re.compile(r"([A-Z][A-Za-z]{1,60})/([A-Za-z0-9.-]{1,64})(/_history/[A-Za-z0-9.-]{1,64})?")
_CONDITIONAL = re.compile(r"([A-Z][A-Za-z]{1,60})\?identifier=([^&]+)")
_UUID = re.compile(r"urn:uuid:([a-f0-9-]{36})", re.IGNORECASE)
_ABSOLUTE = re.compile(
    r"([A-Za-z]+://\S{1,150})/([A-Z][A-Za-z]{1,60})/([A-Za-z0-9.-]{1,64})(/_history/[A-Za-z0-9.-]{1,64})?"
)


class Reference(NamedTuple):
    """A reference from one resource to another."""

    kind: str
    identifier: Identifier
    label: str
    """How it is called in a report; contains no identifier of a person."""


def reference(value: object, kind: str, origin: Origin) -> Reference | None:
    """The resource of a kind that a FHIR Reference names, if it names one."""
    given = mapping(value)
    literal = text(given.get("reference")).removeprefix(f"{origin.source}/")
    if match := _UUID.fullmatch(literal):
        return _to(kind, match[1], origin)
    if match := _ABSOLUTE.fullmatch(literal):
        return _elsewhere(kind, match[1], match[3], origin) if match[2] == kind else None
    if match := _LITERAL.fullmatch(literal):
        return _to(kind, match[2], origin) if match[1] == kind else None
    if match := _CONDITIONAL.fullmatch(literal):
        system, bar, identifier = text(unquote(match[2])).partition("|")
        return _identified(kind, system, identifier) if bar and match[1] == kind else None
    if literal or text(given.get("type")) not in {"", kind}:
        return None
    identified = mapping(given.get("identifier"))
    return _identified(kind, text(identified.get("system")), text(identified.get("value")))


def references(values: Sequence[object], kind: str, origin: Origin) -> list[Reference]:
    """The references to resources of a kind, in order."""
    return [found for value in values if (found := reference(value, kind, origin))]


def inner(values: object, field: str) -> list[Json]:
    """The objects in a field of each element of a list."""
    return [mapping(each.get(field)) for each in items(values)]


def patients_by_identifier(resource: Json, origin: Origin) -> set[Identifier]:
    """The identifiers, other than the exporter's own ids, by which a resource of any kind names patients."""
    actors, others = inner(resource.get("participant"), "actor"), inner(resource.get("link"), "other")
    named = {each.identifier for each in references([resource.get("subject"), *actors, *others], "Patient", origin)}
    return {each for each in named if each.system != own("Patient", "", origin).system}


def _to(kind: str, resource_id: str, origin: Origin) -> Reference:
    return Reference(kind, own(kind, resource_id, origin), f"{kind}/{resource_id}")


def _elsewhere(kind: str, base: str, resource_id: str, origin: Origin) -> Reference:
    """A resource at an absolute URL: one of the exporter's, or of another one whose export was imported too."""
    if system_of(base) == system_of(origin.source):
        return _to(kind, resource_id, origin)
    shown = "".join(character for character in base[:100] if character.isprintable())
    label = f"{kind}/{resource_id} of {shown} (if that is where the export comes from, give it as --source)"
    return Reference(kind, own(kind, resource_id, replace(origin, source=base)), label)


def _identified(kind: str, system: str, value: str) -> Reference | None:
    if not system or not value:
        return None
    shown = "".join(character for character in system[:100] if character.isprintable())
    return Reference(kind, Identifier(system_of(system), value_of(value)), f"the {kind} that it names by {shown}")


_PROVIDERS = {
    "PractitionerRole": "organization",
    "Location": "managingOrganization",
    "HealthcareService": "providedBy",
    "Encounter": "serviceProvider",
}


def providers(resource: Json, origin: Origin) -> list[Reference]:
    """The organization that gives care, as far as a resource of any kind names one."""
    field = _PROVIDERS.get(str(resource.get("resourceType")))
    return references([resource.get(field)], "Organization", origin) if field else []
