"""Visits, as Encounters and Appointments describe them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from server.domain.booking.appointment import AppointmentStatus
from server.fhir.fields import Identifier, Json, Unusable, concept, items
from server.fhir.moments import Moment
from server.fhir.references import Reference

_MOST_OF_REASON = 500


@dataclass(frozen=True, slots=True)
class ExportedVisit:
    """A visit; the first known practitioner and the first known place are used."""

    identifiers: Sequence[Identifier]
    patient: Reference
    practitioners: Sequence[Reference]
    """Practitioners, then their roles; of each, those who matter most first."""
    places: Sequence[Reference]
    """Organizations, then locations, then the roles of the practitioners; empty if nothing names one."""
    status: AppointmentStatus
    reason: str
    start: Moment
    end: Moment | None
    minutes: int
    """How long it takes if it has no end."""
    services: Sequence[str] = ()
    """What it is for, by the names of services."""
    appointments: Sequence[Reference] = ()
    """The Appointments that an Encounter was booked by."""
    notes: Sequence[str] = ()
    """What was left out of the resource, and why."""

    def period(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Start and end at a clinic in a zone, in UTC (Unusable if it ends before it starts).

        A day alone begins, and ends, at midnight there. Without an end, or with one that equals the start, a visit
        takes `minutes`.
        """
        start_at = self.start.first(zone)
        end_at = self.end.last(zone) if self.end else start_at
        if end_at < start_at:
            raise Unusable("it ends before it starts")
        return start_at, end_at if end_at > start_at else start_at + timedelta(minutes=self.minutes)


def reason_of(resource: Json, *fields: str) -> str:
    """Why somebody came, by the first of some fields that says so in words."""
    for field in fields:
        value = resource.get(field)
        if said := "; ".join(filter(None, map(concept, items(value) or (value,)))):
            return said[:_MOST_OF_REASON]
    return ""
