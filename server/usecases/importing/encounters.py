"""Finished encounters become past appointments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from db.postgres import imports
from db.postgres.booking import appointments, days
from db.postgres.booking.appointments import NewAppointment, Placement
from db.postgres.booking.feed import AppointmentChange
from db.postgres.imports import Pair
from server.domain.booking.wall_time import utc_offset_minutes
from server.fhir.directory import GENERAL_PRACTICE
from server.fhir.encounter import Encounter
from server.fhir.fields import Identifier, Unusable
from server.usecases.appointments import history
from server.usecases.importing.batches import ACTOR, ImportCounts, Item, Known, Step, first_known, others
from server.usecases.importing.doctors import add_doctor, doctors_of


@dataclass(frozen=True, slots=True)
class _ResolvedEncounter:
    """An encounter whose references are resolved."""

    id: str
    encounter: Encounter
    patient_id: str
    practitioner_id: str
    clinic_id: str
    zone: ZoneInfo
    start_at: datetime
    end_at: datetime

    @property
    def pair(self) -> Pair:
        return self.practitioner_id, self.clinic_id


@dataclass(frozen=True, slots=True)
class _EncounterReferences:
    """The ids that the references of a batch stand for."""

    patients: dict[Identifier, str]
    practitioners: dict[Identifier, str]
    clinics: dict[Identifier, str]
    only: dict[str, str]
    """By practitioner: the clinic, if there is one and no other."""
    zones: dict[str, str]
    """By clinic."""

    @staticmethod
    async def load(step: Step, batch: Sequence[Item[Encounter]]) -> "_EncounterReferences":
        encounters = [item.content for item in batch]
        people = [reference for encounter in encounters for reference in encounter.practitioners]
        practitioners = await step.resolve("practitioner", {each.identifier for each in people})
        clinics = await step.resolve("clinic", {place.identifier for each in encounters for place in each.places})
        only = await imports.only_clinics(step.pg, practitioners.values())
        return _EncounterReferences(
            await step.resolve("patient", {encounter.patient.identifier for encounter in encounters}),
            practitioners,
            clinics,
            only,
            await imports.zones(step.pg, {*clinics.values(), *only.values()}),
        )

    def visit(self, appointment_id: str, encounter: Encounter, now: datetime) -> _ResolvedEncounter:
        """Resolve an encounter (Unusable if a reference is not known, or it is not over)."""
        patient_id = first_known([encounter.patient], self.patients)
        practitioner_id = first_known(encounter.practitioners, self.practitioners)
        clinic_id = self._clinic(encounter, practitioner_id)
        zone = ZoneInfo(self.zones[clinic_id])
        return _ResolvedEncounter(
            appointment_id, encounter, patient_id, practitioner_id, clinic_id, zone, *encounter.period(zone, now)
        )

    def _clinic(self, encounter: Encounter, practitioner_id: str) -> str:
        """Where it was: the first place that is known, else the only clinic where the practitioner works (Unusable)."""
        known = (self.clinics.get(place.identifier) for place in encounter.places)
        if found := next(filter(None, known), None) or (
            ""
            if any(place.kind != "PractitionerRole" for place in encounter.places)
            else self.only.get(practitioner_id)
        ):
            return found
        if encounter.places:
            return first_known(encounter.places, self.clinics)
        raise Unusable("it names no place, and its practitioner does not work at exactly one clinic")

    def end_of(self, encounter: Encounter, now: datetime) -> tuple[str | None, datetime | None]:
        """Whose visit it is and when it ends, as far as that is known."""
        try:
            visit = self.visit("", encounter, now)
        except Unusable:
            return None, None
        return visit.patient_id, visit.end_at


async def add(step: Step, batch: Sequence[Item[Encounter]]) -> ImportCounts:
    """Add a past appointment for each encounter that the database does not have, and its doctor if there is no role."""
    outcome, visits = ImportCounts(), list[_ResolvedEncounter]()
    known = await Known.load(step, "appointment", [item.content for item in batch])
    references = await _EncounterReferences.load(step, batch)
    there = {row.id: row for row in await imports.visits(step.pg, known.ids)}

    def is_same(encounter: Encounter, row_id: str) -> bool:
        visit = there.get(row_id)
        return visit is not None and (visit.patient_id, visit.end_at) == references.end_of(encounter, step.now)

    for item in batch:
        with outcome.reporting(item.line):
            found = known.find(item.content, partial(is_same, item.content))
            if found is None:
                visits.append(references.visit(step.new_id(), item.content, step.now))
                found = visits[-1].id
                outcome.note(item.line, map(others, known.left_out(item.content, found)))
                known.link(item.content, found)
            elif known.has(item.content):
                outcome.unchanged += 1
            else:
                outcome.match(item.line, known.by(item.content, found), "patient and end")
                known.link(item.content, found)
    if visits:
        outcome.new = len(visits)
        outcome.doctors = await _write(step, visits)
        await history.add_changes(
            step.pg, [AppointmentChange(visit.id, "imported", ACTOR) for visit in visits], step.now
        )
    await known.save(step)
    return outcome


async def _write(step: Step, visits: Sequence[_ResolvedEncounter]) -> int:
    """Lock the days, then add the appointments; returns how many doctors had to be created."""
    doctors = await doctors_of(step, [visit.pair for visit in visits])
    missing = dict.fromkeys(visit.pair for visit in visits if visit.pair not in doctors)
    for pair in missing:
        doctors[pair] = await add_doctor(step, pair, GENERAL_PRACTICE)
    places = [_place(visit, doctors[visit.pair]) for visit in visits]
    await days.raise_revisions(step.pg, {(place.doctor_id, place.date) for place in places}, step.now)
    for visit, place in zip(visits, places, strict=True):
        new = NewAppointment(visit.id, visit.patient_id, visit.encounter.status, visit.encounter.reason)
        await appointments.insert(step.pg, new, place, step.now)
    return len(missing)


def _place(visit: _ResolvedEncounter, doctor_id: str) -> Placement:
    return Placement(
        doctor_id=doctor_id,
        practitioner_id=visit.practitioner_id,
        clinic_id=visit.clinic_id,
        date=visit.start_at.astimezone(visit.zone).date(),
        start_at=visit.start_at,
        end_at=visit.end_at,
        busy_until=visit.end_at,
        seat=1,
        utc_offset_minutes=utc_offset_minutes(visit.start_at, visit.zone),
    )
