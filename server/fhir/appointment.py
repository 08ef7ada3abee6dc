"""Appointments, past and future, and the schedules with the slots that they take."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.domain.booking.appointment import FROM_FHIR_APPOINTMENT
from server.fhir.fields import Identifier, Json, Origin, Unusable, Withdrawn, identifiers, items, services, text
from server.fhir.moments import moment
from server.fhir.references import Reference, inner, reference, references
from server.fhir.visit import ExportedVisit, reason_of

_NOT_BOOKED = {"proposed", "waitlist"}
_MOST_MINUTES = 24 * 60


def appointment(resource: Json, origin: Origin) -> ExportedVisit | Withdrawn:
    """Read an Appointment (Unusable, also if it is not booked yet)."""
    written, notes = text(resource.get("status")), list[str]()
    if written == "entered-in-error":
        return Withdrawn(identifiers(resource, origin, notes), "status entered-in-error describes no appointment")
    if written in _NOT_BOOKED:
        raise Unusable(f"status {written}: it is not booked yet")
    if written not in FROM_FHIR_APPOINTMENT:
        raise Unusable("status is missing or not one of FHIR R4 or R5")
    start = moment(resource.get("start"), "start")
    if start is None:
        raise Unusable("start is missing")
    taking_part = [each for each in items(resource.get("participant")) if each.get("status") != "declined"]
    taking_part.sort(key=lambda each: each.get("required", "required") != "required")
    actors = inner(taking_part, "actor")
    subjects = references([*actors, resource.get("subject")], "Patient", origin)
    if len({each.identifier for each in subjects}) != 1:
        raise Unusable("participant names no Patient" if not subjects else "participant names several Patients")
    practitioners = references(actors, "Practitioner", origin)
    roles = references(actors, "PractitionerRole", origin)
    if not practitioners and not roles:
        raise Unusable("participant names no Practitioner and no PractitionerRole")
    return ExportedVisit(
        identifiers=identifiers(resource, origin, notes),
        patient=subjects[0],
        practitioners=practitioners + roles,
        places=[
            *references(actors, "Organization", origin),
            *references(actors, "Location", origin),
            *roles,
        ],
        status=FROM_FHIR_APPOINTMENT[written],
        reason=reason_of(resource, "reasonCode", "serviceType", "appointmentType"),
        start=start,
        end=moment(resource.get("end"), "end"),
        minutes=_minutes(resource, origin),
        services=services(resource.get("serviceType")),
        notes=notes,
    )


def _minutes(resource: Json, origin: Origin) -> int:
    minutes = resource.get("minutesDuration")
    return minutes if isinstance(minutes, int) and 0 < minutes <= _MOST_MINUTES else origin.visit_minutes


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
