"""Schedules and their slots, from which working hours can be made."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.fhir.fields import Identifier, Json, Origin, Unusable, identifiers, items, text
from server.fhir.moments import moment
from server.fhir.references import Reference, reference, references

_TAKEN = {"busy", "busy-tentative"}


@dataclass(frozen=True, slots=True)
class ExportedSchedule:
    """Whose slots there are."""

    identifiers: Sequence[Identifier]
    practitioners: Sequence[Reference]
    """Practitioners, then roles."""
    places: Sequence[Reference]
    """Locations, then roles."""
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ExportedSlot:
    """A time at which somebody can be seen."""

    identifiers: Sequence[Identifier]
    schedule: Reference
    is_taken: bool
    start_at: datetime
    end_at: datetime
    notes: Sequence[str] = ()


def schedule(resource: Json, origin: Origin) -> ExportedSchedule:
    """Read a Schedule (Unusable)."""
    if resource.get("active") is False:
        raise Unusable("it is not active")
    actors, notes = items(resource.get("actor")), list[str]()
    roles = references(actors, "PractitionerRole", origin)
    practitioners = references(actors, "Practitioner", origin) + roles
    if not practitioners:
        raise Unusable("actor names no Practitioner and no PractitionerRole")
    places = references(actors, "Location", origin) + roles
    return ExportedSchedule(identifiers(resource, origin, notes), practitioners, places, notes)


def slot(resource: Json, origin: Origin) -> ExportedSlot:
    """Read a Slot (Unusable, also if nobody can be seen then)."""
    of, status = reference(resource.get("schedule"), "Schedule", origin), text(resource.get("status"))
    if of is None:
        raise Unusable("schedule is missing or does not refer to a Schedule")
    if status != "free" and status not in _TAKEN:
        raise Unusable(f"status {status or 'missing'}: it is no time at which somebody can be seen")
    start, end = moment(resource.get("start"), "start"), moment(resource.get("end"), "end")
    if start is None or end is None or not (start.at and start.at.tzinfo and end.at and end.at.tzinfo):
        raise Unusable("start or end is missing, or has no time with an offset from UTC")
    if end.at <= start.at:
        raise Unusable("it ends before it starts")
    notes: list[str] = []
    return ExportedSlot(identifiers(resource, origin, notes), of, status in _TAKEN, start.at, end.at, notes)


def slots_of(resource: Json, origin: Origin) -> list[Identifier]:
    """The slots that an Appointment takes (Unusable)."""
    return [each.identifier for each in references(items(resource.get("slot")), "Slot", origin)]
