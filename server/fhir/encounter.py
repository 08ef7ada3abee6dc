"""Finished encounters, which become past appointments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from server.domain.booking.appointment import ACTIVE, FROM_FHIR_ENCOUNTER, AppointmentStatus
from server.fhir.fields import Identifier, Json, Origin, Unusable, concept, identifiers, items, mapping, text
from server.fhir.moments import Moment, moment
from server.fhir.references import Reference, inner, reference, references

_MOST_OF_REASON = 500
_NO_APPOINTMENTS = {"entered-in-error", "unknown"}
_PRIMARY_PERFORMER = "PPRF"


@dataclass(frozen=True, slots=True)
class Encounter:
    """A finished visit; the first known practitioner and the first known place are used."""

    identifiers: Sequence[Identifier]
    patient: Reference
    practitioners: Sequence[Reference]
    """Practitioners or their roles, with the primary performer first."""
    places: Sequence[Reference]
    """The service provider, then the locations, then the roles of the practitioners; empty if nothing tells."""
    status: AppointmentStatus
    reason: str
    start: Moment
    end: Moment | None
    minutes: int
    """How long it takes if it tells no end."""
    notes: Sequence[str] = ()
    """What was left out of the resource, and why."""

    def period(self, zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime]:
        """Start and end at a clinic in a zone, in UTC (Unusable if it is not over).

        A day alone begins, and ends, at midnight there. Without an end, or with one that equals the start, a visit
        takes `minutes`.
        """
        start_at = self.start.first(zone)
        end_at = self.end.last(zone) if self.end else start_at
        if end_at < start_at:
            raise Unusable("period.end is before period.start")
        if end_at == start_at:
            end_at = start_at + timedelta(minutes=self.minutes)
        is_exact = self.end is not None and self.end.at is not None
        if start_at >= now or (is_exact and end_at > now):
            raise Unusable("period.end is in the future: only encounters that are over are imported")
        return start_at, min(end_at, now)


def encounter(resource: Json, origin: Origin) -> Encounter:
    """Read an Encounter (Unusable, also if it is not finished)."""
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
    notes: list[str] = []
    found = Encounter(
        identifiers=identifiers(resource, origin, notes),
        patient=subject,
        practitioners=practitioners,
        places=places,
        status=status,
        reason=_reason(resource),
        start=start,
        end=end,
        minutes=origin.visit_minutes,
        notes=notes,
    )
    if start.is_instant and (end is None or end.is_instant):
        found.period(ZoneInfo("UTC"), origin.now)
    return found


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


def _reason(resource: Json) -> str:
    for field in ("reasonCode", "type"):  # R5 has its reasons elsewhere
        if said := "; ".join(filter(None, map(concept, items(resource.get(field))))):
            return said[:_MOST_OF_REASON]
    return ""
