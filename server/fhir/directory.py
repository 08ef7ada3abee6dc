"""Organizations, their locations, practitioners, and their roles at organizations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any, NamedTuple

from server.domain.characters import without_ignorable
from server.fhir.fields import (
    Identifier,
    Json,
    Origin,
    Unusable,
    concept,
    current,
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
"""The specialty of a doctor for whom the export names none."""
_MOST_OF_SPECIALTY = 100
# Codes of http://terminology.hl7.org/CodeSystem/organization-type.
_GIVES_CARE = "prov"
NO_TYPE = "its type does not say that it gives care"
_GIVE_NO_CARE = {"ins", "pay", "edu", "reli", "crs", "bus", "govt", "cg"}
_WEEKDAYS = {day: number for number, day in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), 1)}
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


class Hours(NamedTuple):
    """When a role is exercised, on the wall clock."""

    weekday: int
    """1 is Monday."""
    start: time
    end: time


class Absence(NamedTuple):
    """Days on which a role is not exercised, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class PractitionerRole:
    """A practitioner's role at an organization, which becomes a doctor."""

    identifiers: Sequence[Identifier]
    practitioner: Reference
    places: Sequence[Reference]
    """The organization, then the locations of the role; the first one that is known is used."""
    specialty: str
    active: bool
    hours: Sequence[Hours]
    """Empty if the role does not tell."""
    since: date | None
    until: date | None
    """The last day of the role."""
    absences: Sequence[Absence]
    """In order, without overlaps."""
    notes: Sequence[str] = ()
    """What was left out of the resource, and why."""


def organization(resource: Json, origin: Origin) -> Organization:
    """Read an Organization (Unusable)."""
    addresses = current(resource.get("address"), origin.now)
    notes: list[str] = []
    return Organization(
        identifiers(resource, origin, notes),
        _name_of(resource, notes),
        zone_of(addresses, origin.zone, notes).key,
        next(filter(None, map(_in_one_line, addresses)), "")[:_MOST_OF_ADDRESS],
        phone_of(resource, origin, notes),
        _no_provider(resource, origin),
        notes,
    )


def _name_of(resource: Json, notes: list[str]) -> str:
    aliases = [each for each in _listed(resource.get("alias")) if text(each)]
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
        absences=_absences(resource, notes),
        notes=notes,
    )


def _absences(resource: Json, notes: list[str]) -> Sequence[Absence]:
    """The days on which somebody is away, even for a part of the day; those that touch or overlap are one absence."""
    found: list[Absence] = []
    for each in items(resource.get("notAvailable")):
        during = mapping(each.get("during"))
        first, last = _day(during.get("start")), _day(during.get("end"))
        if first is None or last is None or last < first:
            notes.append("a notAvailable has no start and end day: it is left off; set the working hours by hand")
        else:
            found.append(Absence(first, last))
    merged: list[Absence] = []
    for absence in sorted(found):
        if merged and absence.first <= merged[-1].last + timedelta(days=1):
            merged[-1] = Absence(merged[-1].first, max(merged[-1].last, absence.last))
        else:
            merged.append(absence)
    return merged


def _day(value: object) -> date | None:
    try:
        found = moment(value, "during")
    except Unusable:
        return None
    return found.day if found else None


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
