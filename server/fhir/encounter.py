"""Finished encounters, which become past appointments."""

from datetime import datetime
from zoneinfo import ZoneInfo

from server.domain.booking.appointment import ACTIVE, FROM_FHIR_ENCOUNTER, AppointmentStatus
from server.fhir.fields import Json, Origin, Unusable, Withdrawn, identifiers, items, mapping, text
from server.fhir.moments import Moment, moment
from server.fhir.references import Reference, inner, reference, references
from server.fhir.visit import ExportedVisit, reason_of

_NO_APPOINTMENTS = {"unknown"}
_PRIMARY_PERFORMER = "PPRF"


def encounter(resource: Json, origin: Origin) -> ExportedVisit | Withdrawn:
    """Read an Encounter (Unusable, also if it is not finished)."""
    notes: list[str] = []
    if text(resource.get("status")) == "entered-in-error":
        return Withdrawn(identifiers(resource, origin, notes), "status entered-in-error describes no appointment")
    status = _status(text(resource.get("status")))
    start, end = _start_and_end(resource)
    subject = reference(resource.get("subject"), "Patient", origin)
    if subject is None:
        raise Unusable("subject is missing or does not refer to a Patient")
    practitioners = _practitioners(resource, origin)
    if not practitioners:
        raise Unusable("participant is missing or does not refer to a Practitioner")
    places = references([resource.get("serviceProvider")], "Organization", origin)
    places += references(inner(resource.get("location"), "location"), "Location", origin)
    places += [each for each in practitioners if each.kind == "PractitionerRole"]
    found = ExportedVisit(
        identifiers=identifiers(resource, origin, notes),
        patient=subject,
        practitioners=practitioners,
        places=places,
        status=status,
        reason=reason_of(resource, "reasonCode", "type"),  # R5 has its reasons elsewhere
        start=start,
        end=end,
        minutes=origin.visit_minutes,
        appointments=references(items(resource.get("appointment")), "Appointment", origin),
        notes=notes,
    )
    if start.is_instant and (end is None or end.is_instant):
        past_period(found, ZoneInfo("UTC"), origin.now)
    return found


def past_period(visit: ExportedVisit, zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime]:
    """When an encounter was (Unusable if it is not over). One of today without a time ends by now."""
    start_at, end_at = visit.period(zone)
    is_exact = visit.end is not None and visit.end.at is not None
    if start_at >= now or (is_exact and end_at > now):
        raise Unusable("period.end is in the future: only encounters that are over are imported")
    return start_at, min(end_at, now)


def _status(written: str) -> AppointmentStatus:
    if written in _NO_APPOINTMENTS:
        raise Unusable(f"status {written} does not describe an appointment")
    if written not in FROM_FHIR_ENCOUNTER:
        raise Unusable("status is missing or not one of FHIR R4 or R5")
    status = FROM_FHIR_ENCOUNTER[written]
    if status in ACTIVE:
        raise Unusable(f"status {written}: only encounters that are over are imported")
    return status


def _start_and_end(resource: Json) -> tuple[Moment, Moment | None]:
    period = mapping(resource.get("period") or resource.get("actualPeriod"))
    start = moment(period.get("start"), "period.start")
    if start is None:
        raise Unusable("period.start is missing")
    return start, moment(period.get("end"), "period.end")


def _practitioners(resource: Json, origin: Origin) -> list[Reference]:
    participants = sorted(items(resource.get("participant")), key=lambda each: not _is_primary(each))
    individuals = [*inner(participants, "individual"), *inner(participants, "actor")]
    return references(individuals, "Practitioner", origin) + references(individuals, "PractitionerRole", origin)


def _is_primary(participant: Json) -> bool:
    kinds = items(participant.get("type"))
    return any(code.get("code") == _PRIMARY_PERFORMER for kind in kinds for code in items(kind.get("coding")))
