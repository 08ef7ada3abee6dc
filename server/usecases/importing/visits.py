"""Visits of an export with their references resolved: whose they are, with whom, where and when."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from db.postgres import imports
from db.postgres.booking import appointment_types
from db.postgres.booking.appointments import Placement
from db.postgres.imports import Pair
from server.domain.booking.wall_time import utc_offset_minutes
from server.fhir.fields import Identifier, Unusable, Withdrawn
from server.fhir.visit import ExportedVisit
from server.usecases.importing.batches import BatchContext, Item, first_known
from server.usecases.importing.upkeep import Fields, LastImport

PeriodOf = Callable[[ExportedVisit, ZoneInfo], tuple[datetime, datetime]]
"""When a visit begins and ends at a clinic in a zone (Unusable)."""
AnyVisit = ExportedVisit | Withdrawn


@dataclass(frozen=True, slots=True)
class ResolvedVisit:
    """A visit whose references are resolved."""

    id: str
    visit: ExportedVisit
    patient_id: str
    practitioner_id: str
    clinic_id: str
    zone: ZoneInfo
    start_at: datetime
    end_at: datetime
    type_id: str | None
    """The type of appointment that its service is at the clinic; None if it is none."""

    @property
    def reason(self) -> str:
        """Why the patient comes; a type says it already."""
        is_service = self.type_id and self.visit.reason == "; ".join(self.visit.services)
        return "" if is_service else self.visit.reason

    @property
    def pair(self) -> Pair:
        """The doctor, as practitioner and clinic."""
        return self.practitioner_id, self.clinic_id

    def placement(self, doctor_id: str) -> Placement:
        """The place of a visit that occupies no slot."""
        return Placement(
            doctor_id=doctor_id,
            practitioner_id=self.practitioner_id,
            clinic_id=self.clinic_id,
            date=self.start_at.astimezone(self.zone).date(),
            start_at=self.start_at,
            end_at=self.end_at,
            busy_until=self.end_at,
            seat=1,
            utc_offset_minutes=utc_offset_minutes(self.start_at, self.zone),
        )


@dataclass(frozen=True, slots=True)
class VisitReferences:
    """The ids that the references of a batch stand for."""

    patients: dict[Identifier, str]
    practitioners: dict[Identifier, str]
    clinics: dict[Identifier, str]
    only: dict[str, str]
    """By practitioner: the clinic, if there is one and no other."""
    zones: dict[str, str]
    """By clinic."""
    types: dict[tuple[str, str], str]
    """Types of appointment by clinic and name, in lower case; none if no visit names a service."""
    booked: dict[Identifier, str]
    """The appointments that encounters were booked by."""
    period_of: PeriodOf

    @staticmethod
    async def load(context: BatchContext, visits: Sequence[ExportedVisit], period_of: PeriodOf) -> "VisitReferences":
        """Look up all references of the visits."""
        people = [reference for visit in visits for reference in visit.practitioners]
        practitioners = await context.resolve("practitioner", {each.identifier for each in people})
        clinics = await context.resolve("clinic", {place.identifier for each in visits for place in each.places})
        only = await imports.only_clinics(context.pg, practitioners.values())
        at = {*clinics.values(), *only.values()}
        types = await appointment_types.names_at(context.pg, at) if any(each.services for each in visits) else []
        booked = {each.identifier for visit in visits for each in visit.appointments}
        return VisitReferences(
            await context.resolve("patient", {visit.patient.identifier for visit in visits}),
            practitioners,
            clinics,
            only,
            await imports.zones(context.pg, at),
            {(clinic_id, name.casefold()): type_id for clinic_id, name, type_id in types},
            await context.resolve("appointment", booked) if booked else {},
            period_of,
        )

    def resolve(self, appointment_id: str, visit: ExportedVisit) -> ResolvedVisit:
        """Resolve a visit (Unusable if a reference is not known, or the time is wrong)."""
        patient_id = first_known([visit.patient], self.patients)
        practitioner_id = first_known(visit.practitioners, self.practitioners)
        clinic_id = self._clinic(visit, practitioner_id)
        zone = ZoneInfo(self.zones[clinic_id])
        start_at, end_at = self.period_of(visit, zone)
        found = (self.types.get((clinic_id, name.casefold())) for name in visit.services)
        type_id = next(filter(None, found), None)
        return ResolvedVisit(
            appointment_id, visit, patient_id, practitioner_id, clinic_id, zone, start_at, end_at, type_id
        )

    def _clinic(self, visit: ExportedVisit, practitioner_id: str) -> str:
        """Where it was: the first place that is known, else the only clinic where the practitioner works (Unusable)."""
        known = (self.clinics.get(place.identifier) for place in visit.places)
        if found := next(filter(None, known), None) or (
            "" if any(place.kind != "PractitionerRole" for place in visit.places) else self.only.get(practitioner_id)
        ):
            return found
        if visit.places:
            return first_known(visit.places, self.clinics)
        raise Unusable("it names no place, and its practitioner does not work at exactly one clinic")

    def whose_until(self, visit: ExportedVisit) -> tuple[str | None, datetime | None]:
        """Whose visit it is and when it ends, as far as that is known."""
        try:
            found = self.resolve("", visit)
        except Unusable:
            return None, None
        return found.patient_id, found.end_at


def fields_of(visit: AnyVisit) -> Fields:
    """What a resource says of a visit, to know whether it says something else the next time."""
    if isinstance(visit, Withdrawn):
        return {"withdrawn": True}
    return {
        "patient": visit.patient.identifier,
        "practitioners": [each.identifier for each in visit.practitioners],
        "places": [each.identifier for each in visit.places],
        "status": visit.status.value,
        "reason": visit.reason,
        "time": (visit.start, visit.end, None if visit.end else visit.minutes),
        **({"services": visit.services} if visit.services else {}),
    }


def has_news(last_import: LastImport, visit: AnyVisit) -> bool:
    """Whether a resource of a visit that is in the book says something else than the last time."""
    return last_import.has_news(visit, fields_of(visit), if_unknown=isinstance(visit, Withdrawn))


def only_visits(batch: Sequence[Item[AnyVisit]]) -> list[ExportedVisit]:
    """The visits of a batch, without those that were withdrawn."""
    return [item.content for item in batch if isinstance(item.content, ExportedVisit)]
