"""Finished encounters become past appointments."""

from collections.abc import Sequence
from dataclasses import dataclass
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
from server.fhir.fields import Identifier
from server.usecases.appointments import history
from server.usecases.importing.batches import ACTOR, ImportCounts, Item, Known, Step, first_known, others
from server.usecases.importing.directory import add_doctor, doctors_of


@dataclass(frozen=True, slots=True)
class _ResolvedEncounter:
    """An encounter whose references are resolved."""

    id: str
    encounter: Encounter
    patient_id: str
    practitioner_id: str
    clinic_id: str

    @property
    def pair(self) -> Pair:
        return self.practitioner_id, self.clinic_id


@dataclass(frozen=True, slots=True)
class _References:
    """The ids that the references of a batch stand for."""

    patients: dict[Identifier, str]
    practitioners: dict[Identifier, str]
    clinics: dict[Identifier, str]

    @staticmethod
    async def load(step: Step, batch: Sequence[Item[Encounter]]) -> "_References":
        encounters = [item.content for item in batch]
        people = [reference for encounter in encounters for reference in encounter.practitioners]
        by_role = {each.identifier: step.roles[each.identifier] for each in people if each.identifier in step.roles}
        practitioners = await step.resolve("practitioner", {each.identifier for each in people} | set(by_role.values()))
        known = {role: practitioners[person] for role, person in by_role.items() if person in practitioners}
        return _References(
            await step.resolve("patient", {encounter.patient.identifier for encounter in encounters}),
            practitioners | known,
            await step.resolve("clinic", {place.identifier for each in encounters for place in each.places}),
        )

    def visit(self, appointment_id: str, encounter: Encounter) -> _ResolvedEncounter:
        """Resolve an encounter (Unusable if a reference is not known)."""
        return _ResolvedEncounter(
            appointment_id,
            encounter,
            patient_id=first_known([encounter.patient], self.patients),
            practitioner_id=first_known(encounter.practitioners, self.practitioners),
            clinic_id=first_known(encounter.places, self.clinics),
        )


async def add(step: Step, batch: Sequence[Item[Encounter]]) -> ImportCounts:
    """Add a past appointment for each encounter that the database does not have, and its doctor if there is no role."""
    outcome, visits = ImportCounts(), list[_ResolvedEncounter]()
    known = await Known.load(step, "appointment", [item.content for item in batch])
    references = await _References.load(step, batch)
    there = {row.id: row for row in await imports.visits(step.pg, known.ids)}

    def is_same(encounter: Encounter, row_id: str) -> bool:
        visit, patient_id = there.get(row_id), references.patients.get(encounter.patient.identifier)
        return visit is not None and (visit.patient_id, visit.end_at) == (patient_id, encounter.end_at)

    for item in batch:
        with outcome.reporting(item.line):
            found = known.find(item.content, partial(is_same, item.content))
            if found is None:
                visits.append(references.visit(step.new_id(), item.content))
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
    zones = await imports.zones(step.pg, {visit.clinic_id for visit in visits})
    places = [_place(visit, doctors[visit.pair], ZoneInfo(zones[visit.clinic_id])) for visit in visits]
    await days.raise_revisions(step.pg, {(place.doctor_id, place.date) for place in places}, step.now)
    for visit, place in zip(visits, places, strict=True):
        new = NewAppointment(visit.id, visit.patient_id, visit.encounter.status, visit.encounter.reason)
        await appointments.insert(step.pg, new, place, step.now)
    return len(missing)


def _place(visit: _ResolvedEncounter, doctor_id: str, zone: ZoneInfo) -> Placement:
    encounter = visit.encounter
    return Placement(
        doctor_id=doctor_id,
        practitioner_id=visit.practitioner_id,
        clinic_id=visit.clinic_id,
        date=encounter.start_at.astimezone(zone).date(),
        start_at=encounter.start_at,
        end_at=encounter.end_at,
        busy_until=encounter.end_at,
        seat=1,
        utc_offset_minutes=utc_offset_minutes(encounter.start_at, zone),
    )
