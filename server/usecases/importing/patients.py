"""Patients."""

from collections.abc import Sequence

from db.postgres import imports
from db.postgres.directory import patients
from db.postgres.directory.patients import PatientRow
from server.domain.names import are_same
from server.fhir.fields import Unusable
from server.fhir.patient import Patient
from server.usecases.importing.batches import ImportCounts, Item, Known, Step, add_missing


async def add(step: Step, batch: Sequence[Item[Patient]]) -> ImportCounts:
    """Add each patient that the database does not have.

    A row found by any other identifier is the same patient if name and birth date are equal. A row found by the
    exporter's own id, but with another name and another birth date, is a different patient: the exporter has not kept
    the ids of earlier imports.
    """
    known = await Known.load(step, "patient", [item.content for item in batch])
    names = await imports.names(step.pg, "patient", known.ids)
    born = await imports.birth_dates(step.pg, known.ids)

    def has_name(patient: Patient, patient_id: str) -> bool:
        return patient_id in names and any(are_same(each, names[patient_id]) for each in patient.names)

    def has_birth_date(patient: Patient, patient_id: str) -> bool:
        return patient.birth_date is not None and patient.birth_date == born.get(patient_id)

    def is_same(patient: Patient, patient_id: str) -> bool:
        return has_name(patient, patient_id) and has_birth_date(patient, patient_id)

    def check(patient: Patient, patient_id: str) -> None:
        if not has_name(patient, patient_id) and not has_birth_date(patient, patient_id):
            step.strangers.add(patient.identifiers[0])
            raise Unusable(
                "the book has another person under this id, with another name and birth date: if another system wrote"
                " this export, give its own --source"
            )

    return await add_missing(step, known, batch, _add, is_same, "name and birth date", check)


async def _add(step: Step, patient_id: str, patient: Patient) -> None:
    row = PatientRow(patient_id, patient.name, patient.birth_date, patient.phone, patient.email, patient.language)
    await patients.add(step.pg, row, [], step.now)
