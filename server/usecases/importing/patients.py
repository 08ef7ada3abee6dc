"""Patients."""

from collections.abc import Iterator, Mapping, Sequence

from db.postgres import imports
from db.postgres.booking import booked_patients
from db.postgres.directory import patients
from db.postgres.directory.patients import FullPatientRow, PatientRow
from server.domain.people import birth_dates
from server.domain.people.names import are_same
from server.fhir.fields import Identifier, Unusable
from server.fhir.patient import Patient
from server.usecases.directory import contacts
from server.usecases.importing.batches import BatchContext, ImportCounts, Item
from server.usecases.importing.matching import IdentifierIndex, add_missing
from server.usecases.importing.upkeep import Current, Fields, UpdateRules, keep_up


async def add(context: BatchContext, batch: Sequence[Item[Patient]]) -> ImportCounts:
    """Add each patient that the database does not have.

    A row found by any other identifier is the same patient if name and birth date are equal. A row found by the
    exporter's own id, but with another name and another birth date, is a different patient: the exporter has not kept
    the ids of earlier imports.
    """
    _remember(context, batch)
    known = await IdentifierIndex.load(context, "patient", [item.content for item in batch])
    names = await imports.names(context.pg, "patient", known.ids)
    readings = await imports.readings(context.pg, known.ids)
    born = await imports.birth_dates(context.pg, known.ids)

    def has_name(patient: Patient, patient_id: str) -> bool:
        ours = (names.get(patient_id, ""), readings.get(patient_id, ""))
        return any(are_same(each, one) for each in patient.names.all for one in ours)

    def has_birth_date(patient: Patient, patient_id: str) -> bool:
        return patient.birth_date is not None and _born(patient) == born.get(patient_id)

    def is_same(patient: Patient, patient_id: str) -> bool:
        # Too many people were born in one year, or in one month of it.
        is_exact = patient.birth_precision == "day"
        return is_exact and has_name(patient, patient_id) and has_birth_date(patient, patient_id)

    def check(patient: Patient, patient_id: str) -> None:
        if not has_name(patient, patient_id) and not has_birth_date(patient, patient_id):
            context.memory.strangers.add(patient.identifiers[0])
            raise Unusable(
                "the book has another person under this id, with another name and birth date: if another system wrote"
                " this export, give its own --source"
            )

    outcome, placed = await add_missing(context, known, batch, _add, is_same, "name and birth date", check)
    await keep_up(context, _PARTICULARS, placed, outcome)
    return outcome


def _born(patient: Patient) -> str:
    return birth_dates.written(patient.birth_date, patient.birth_precision)


def _fields_of(patient: Patient) -> Fields:
    return {
        "name": patient.names.name,
        "name_kana": patient.names.reading,
        "birth_date": patient.birth_date,
        "birth_precision": patient.birth_precision,
        "phone": patient.phone,
        "email": patient.email,
        "language": patient.language,
        "deceased": patient.deceased,
        "inactive": patient.inactive,
    }


async def _current(context: BatchContext, patient_ids: Sequence[str]) -> Mapping[str, Current]:
    found = {}
    for patient_id in patient_ids:
        await booked_patients.lock_patient(context.pg, patient_id)
        row = await _get(context, patient_id)
        found[patient_id] = Current(row._asdict(), row.version == 1)
    return found


async def _store(context: BatchContext, patient_id: str, now: Fields) -> None:
    row = await _get(context, patient_id)
    for kind in now.keys() & {"email", "phone"}:
        former = getattr(row, kind) or getattr(row, f"former_{kind}")
        pending = getattr(row, f"pending_{kind}")
        row = contacts.with_contact(row, kind, str(now[kind]), former=former, pending=pending)
    await patients.update(context.pg, row._replace(**now), context.now)  # type: ignore[arg-type]  # its own fields


async def _get(context: BatchContext, patient_id: str) -> FullPatientRow:
    row = await (await patients.get(context.pg, patient_id)).fetchone()
    if row is None:
        raise AssertionError("a patient that has an identifier is there")
    return row


_PARTICULARS = UpdateRules(_fields_of, _current, _store)


def _remember(context: BatchContext, batch: Sequence[Item[Patient]]) -> None:
    for item in batch:
        own, *others = item.content.identifiers
        named = {each: own for each in others if each in context.memory.patients_by_identifier}
        context.memory.identified.update(named)
        if item.content.replaced_by or item.content.replaces:
            context.memory.linked.append(item)
        if item.content.general_practitioners and own in context.memory.unattributed:
            context.memory.general_practitioners[own] = item.content.general_practitioners


async def link(context: BatchContext, batch: Sequence[Item[Patient]]) -> ImportCounts:
    """Let patients who were replaced point to those to use instead, once all are there.

    Visits and findings of a replaced patient are filed under the other one.
    """
    outcome = ImportCounts()
    pairs = [(item, old, new) for item in batch for old, new in _links(item.content)]
    ids = await context.resolve("patient", {identifier for _, *both in pairs for identifier in both})
    born = await imports.birth_dates(context.pg, ids.values())
    ends = await imports.replacements(context.pg, ids.values())
    for item, old, new in pairs:
        if old not in ids or new not in ids:
            outcome.note(item.line, ["the patient that it is linked to is not in the book: the link is left off"])
            continue
        old_id, new_id = ids[old], ends.get(ids[new], ids[new])
        if birth_dates.differ(born.get(old_id, ""), born.get(new_id, "")):
            outcome.note(item.line, ["it is linked to a patient with another birth date: the link is left off"])
        elif old_id != new_id:
            outcome.changed += await imports.replace(context.pg, old_id, new_id, context.now)
            ends |= {old_id: new_id} | {each: new_id for each, end in ends.items() if end == old_id}
    return outcome


def _links(patient: Patient) -> Iterator[tuple[Identifier, Identifier]]:
    """Who is replaced by whom, by the exporter's ids."""
    if patient.replaced_by:
        yield patient.identifiers[0], patient.replaced_by.identifier
    for other in patient.replaces:
        yield other.identifier, patient.identifiers[0]


async def _add(context: BatchContext, patient_id: str, patient: Patient) -> None:
    row = PatientRow(
        patient_id,
        patient.names.name,
        patient.birth_date,
        patient.phone,
        patient.email,
        patient.language,
        name_kana=patient.names.reading,
        deceased=patient.deceased,
        inactive=patient.inactive,
        birth_precision=patient.birth_precision,
    )
    await patients.add(context.pg, row, [], context.now)
