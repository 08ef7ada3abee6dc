"""Roles of practitioners at organizations: their hours, and the days when they are away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import NamedTuple

from server.domain.people.characters import without_ignorable
from server.fhir import extensions
from server.fhir.extensions import ExportedSession
from server.fhir.fields import (
    Identifier,
    Json,
    Origin,
    Unusable,
    concept,
    identifiers,
    items,
    listed,
    mapping,
    text,
)
from server.fhir.moments import moment
from server.fhir.references import Reference, reference, references

GENERAL_PRACTICE = "General practice"
"""The specialty of a doctor for whom the export names none."""


_MOST_OF_SPECIALTY = 100


_WEEKDAYS = {day: number for number, day in enumerate(extensions.WEEKDAYS, 1)}


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
    """Empty if the role does not say."""
    all_hours: Mapping[date, Sequence[ExportedSession]]
    """All working hours, by the day from which they apply, if one of our exports has them."""
    since: date | None
    until: date | None
    """The last day of the role."""
    absences: Sequence[Absence]
    """In order, without overlaps."""
    notes: Sequence[str] = ()
    """What was left out of the resource, and why."""


def role(resource: Json, origin: Origin) -> PractitionerRole:
    """Read a PractitionerRole (Unusable)."""
    person = reference(resource.get("practitioner"), "Practitioner", origin)
    if person is None:
        raise Unusable("practitioner is missing or does not refer to a Practitioner")
    places = references([resource.get("organization")], "Organization", origin)
    places += references(listed(resource.get("location")), "Location", origin)
    specialties = map(concept, [*listed(resource.get("specialty")), *listed(resource.get("code"))])
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
        all_hours=extensions.working_hours(resource, notes),
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
