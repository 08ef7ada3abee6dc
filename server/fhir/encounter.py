"""Encounters that are over: past appointments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.domain.booking.appointment import ACTIVE, FROM_FHIR_ENCOUNTER, Status
from server.fhir.fields import Identifier, Json, Origin, Unusable, concept, identifiers, instant, items, mapping, text
from server.fhir.references import Reference, inner, reference, references

_MOST_OF_REASON = 500
_NO_APPOINTMENTS = {"entered-in-error", "unknown"}
_PRIMARY_PERFORMER = "PPRF"


@dataclass(frozen=True, slots=True)
class Encounter:
    """A visit that is over; of practitioners and places the first one known counts."""

    identifiers: Sequence[Identifier]
    patient: Reference
    practitioners: Sequence[Reference]
    """Practitioners or their roles, a primary performer before others."""
    places: Sequence[Reference]
    """The service provider, then the locations."""
    status: Status
    reason: str
    start_at: datetime
    end_at: datetime
    notes: Sequence[str] = ()
    """What of the resource is left off, and why."""


def encounter(resource: Json, origin: Origin) -> Encounter:
    """Read an Encounter (Unusable, also if it is not over)."""
    status = _status(text(resource.get("status")))
    start_at, end_at = _period(mapping(resource.get("period")), origin.now)
    subject = reference(resource.get("subject"), "Patient", origin)
    if subject is None:
        raise Unusable("subject is missing or does not refer to a Patient")
    practitioners = _practitioners(resource, origin)
    if not practitioners:
        raise Unusable("participant is missing or does not refer to a Practitioner")
    places = references([resource.get("serviceProvider")], "Organization", origin)
    places += references(inner(resource.get("location"), "location"), "Location", origin)
    if not places:
        raise Unusable("serviceProvider and location are both missing or refer to nothing known")
    notes: list[str] = []
    return Encounter(
        identifiers=identifiers(resource, origin, notes),
        patient=subject,
        practitioners=practitioners,
        places=places,
        status=status,
        reason=_reason(resource),
        start_at=start_at,
        end_at=end_at,
        notes=notes,
    )


def _status(written: str) -> Status:
    if written in _NO_APPOINTMENTS:
        raise Unusable(f"status {written} does not describe an appointment")
    if written not in FROM_FHIR_ENCOUNTER:
        raise Unusable("status is missing or not a FHIR R4 status")
    status = FROM_FHIR_ENCOUNTER[written]
    if status in ACTIVE:
        raise Unusable(f"status {written}: only encounters that are over are imported")
    return status


def _period(period: Json, now: datetime) -> tuple[datetime, datetime]:
    start_at, end_at = instant(period.get("start"), "period.start"), instant(period.get("end"), "period.end")
    if end_at <= start_at:
        raise Unusable("period.end is not after period.start")
    if end_at > now:
        raise Unusable("period.end is in the future: only encounters that are over are imported")
    return start_at, end_at


def _practitioners(resource: Json, origin: Origin) -> list[Reference]:
    participants = sorted(items(resource.get("participant")), key=lambda each: not _is_primary(each))
    individuals = inner(participants, "individual")
    return references(individuals, "Practitioner", origin) + references(individuals, "PractitionerRole", origin)


def _is_primary(participant: Json) -> bool:
    kinds = items(participant.get("type"))
    return any(code.get("code") == _PRIMARY_PERFORMER for kind in kinds for code in items(kind.get("coding")))


def _reason(resource: Json) -> str:
    for field in ("reasonCode", "type"):
        if said := "; ".join(filter(None, map(concept, items(resource.get(field))))):
            return said[:_MOST_OF_REASON]
    return ""
