"""Organizations, their locations, practitioners and the roles that they have at organizations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any, NamedTuple

from server.domain.characters import without_ignorable
from server.fhir.fields import (
    Identifier,
    Json,
    Origin,
    Unusable,
    concept,
    identifiers,
    items,
    mapping,
    name,
    text,
)
from server.fhir.moments import moment
from server.fhir.names import names_of
from server.fhir.references import Reference, reference, references
from server.fhir.telecom import phone_of
from server.fhir.zones import zone_of

GENERAL_PRACTICE = "General practice"
"""Specialty of a doctor whose export tells none."""
_MOST_OF_SPECIALTY = 100
_WEEKDAYS = {day: number for number, day in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), 1)}
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
    active: bool
    notes: Sequence[str] = ()
    """What of the resource is left off, and why."""


class Hours(NamedTuple):
    """When a role is exercised, on the wall clock."""

    weekday: int
    """1 is Monday."""
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class PractitionerRole:
    """What a practitioner is at an organization: a doctor."""

    identifiers: Sequence[Identifier]
    practitioner: Reference
    places: Sequence[Reference]
    """The organization, then the locations of the role: the first one known counts."""
    specialty: str
    active: bool
    hours: Sequence[Hours]
    """Empty if the role does not tell."""
    since: date | None
    until: date | None
    """The last day of the role."""
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
    active = resource.get("active") is not False
    return Practitioner(
        identifiers(resource, origin, notes), names_of(resource.get("name"), origin.now).name, active, notes
    )


def role(resource: Json, origin: Origin) -> PractitionerRole:
    """Read a PractitionerRole (Unusable)."""
    person = reference(resource.get("practitioner"), "Practitioner", origin)
    if person is None:
        raise Unusable("practitioner is missing or does not refer to a Practitioner")
    places = references([resource.get("organization")], "Organization", origin)
    places += references(_listed(resource.get("location")), "Location", origin)
    specialties = map(concept, [*_listed(resource.get("specialty")), *_listed(resource.get("code"))])
    specialty = next(filter(None, map(without_ignorable, specialties)), GENERAL_PRACTICE)
    period = mapping(resource.get("period"))
    since, until = moment(period.get("start"), "period.start"), moment(period.get("end"), "period.end")
    has_ended = until is not None and until.day < origin.now.date()
    notes: list[str] = []
    return PractitionerRole(
        identifiers(resource, origin, notes),
        person,
        places,
        specialty[:_MOST_OF_SPECIALTY],
        active=resource.get("active") is not False and not has_ended,
        hours=_hours(resource, notes),
        since=since.day if since else None,
        until=until.day if until else None,
        notes=notes,
    )


def _hours(resource: Json, notes: list[str]) -> Sequence[Hours]:
    """The hours of a role, in order; those that touch or overlap on a day are one session."""
    found: list[Hours] = []
    for each in items(resource.get("availableTime")):
        times = [_clock(each.get(field)) for field in ("availableStartTime", "availableEndTime")]
        days = each.get("daysOfWeek")
        if times[0] is None or times[1] is None or times[0] == times[1] or not isinstance(days, list):
            notes.append("an availableTime has no days, or no start and end: it is left off")
            continue
        found += [Hours(_WEEKDAYS[day], times[0], times[1]) for day in days if day in _WEEKDAYS]
    if resource.get("notAvailable"):
        notes.append("notAvailable is left off: set the working hours of those days by hand")
    return _merged(sorted(set(found)))


def _merged(hours: Sequence[Hours]) -> Sequence[Hours]:
    merged: list[Hours] = []
    for each in hours:
        last = merged[-1] if merged else None
        if last and last.weekday == each.weekday and (last.end >= each.start or last.end < last.start):
            merged[-1] = last._replace(end=max(last.end, each.end)) if last.end > last.start else last
        else:
            merged.append(each)
    return merged


def _clock(value: object) -> time | None:
    try:
        return time.fromisoformat(text(value)[:5])
    except ValueError:
        return None


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
