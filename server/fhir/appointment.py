"""Appointments, past and future."""

from server.domain.booking.appointment import FROM_FHIR_APPOINTMENT
from server.fhir.fields import Json, Origin, Unusable, Withdrawn, identifiers, items, text
from server.fhir.moments import moment
from server.fhir.references import inner, references
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
        notes=notes,
    )


def _minutes(resource: Json, origin: Origin) -> int:
    told = resource.get("minutesDuration")
    return told if isinstance(told, int) and 0 < told <= _MOST_MINUTES else origin.visit_minutes
