"""Patients."""

from collections.abc import Sequence

from db.postgres import imports, patients
from db.postgres.patients import PatientRow
from server.fhir.fields import Unusable
from server.fhir.patient import Patient
from server.usecases.importing.batches import ImportCounts, Item, Known, Step, add_missing


async def add(step: Step, batch: Sequence[Item[Patient]]) -> ImportCounts:
    """Add each patient that the book does not have.

    One whom the book has under another of the patient's identifiers is the same if the birth date is.
    """
    known = await Known.load(step, "patient", [item.content for item in batch])
    born = await imports.birth_dates(step.pg, known.ids)

    def check(patient: Patient, patient_id: str) -> None:
        if patient.birth_date is None or born.get(patient_id) != patient.birth_date:
            raise Unusable("one of its identifiers belongs to a patient with another birth date")

    return await add_missing(step, known, batch, _add, check)


async def _add(step: Step, patient_id: str, patient: Patient) -> None:
    row = PatientRow(patient_id, patient.name, patient.birth_date, patient.phone, patient.email, patient.language)
    await patients.add(step.pg, row, [], step.now)
