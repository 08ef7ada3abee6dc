"""Conditions become medical records, written by the doctors of their encounters."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import groupby

from db.postgres import imports
from db.postgres.imports import VisitRow
from db.postgres.records import records
from db.postgres.records.records import NewRecord
from server.domain.records import Access, Basis
from server.fhir.condition import Condition
from server.fhir.fields import Unusable
from server.usecases.importing.batches import ACTOR, ImportCounts, Item, Known, Step, first_known, others
from server.usecases.records.audit_trail import AuditEntry
from server.usecases.records.encryption import TextLocation


@dataclass(frozen=True, slots=True)
class _ResolvedCondition:
    """A condition whose encounter is resolved."""

    record_id: str
    text: str
    visit: VisitRow
    recorded_at: datetime


async def add(step: Step, batch: Sequence[Item[Condition]]) -> ImportCounts:
    """Add a record for each condition that the database does not have."""
    outcome, findings, conditions = ImportCounts(), list[_ResolvedCondition](), [item.content for item in batch]
    known = await Known.load(step, "record", conditions)
    patients = await step.resolve("patient", {each.patient.identifier for each in conditions})
    encounters = await step.resolve("appointment", {each.encounter.identifier for each in conditions})
    visits = {row.id: row for row in await imports.visits(step.pg, encounters.values())}
    about = await imports.appointments_of_records(step.pg, known.ids)

    def is_same(condition: Condition, row_id: str) -> bool:
        return row_id in about and about[row_id] == encounters.get(condition.encounter.identifier)

    for item in batch:
        with outcome.reporting(item.line):
            found = known.find(item.content, partial(is_same, item.content))
            if found is not None:
                if known.has(item.content):
                    outcome.unchanged += 1
                else:
                    outcome.match(item.line, known.by(item.content, found), "encounter")
                    known.link(item.content, found)
                continue
            visit = visits[first_known([item.content.encounter], encounters)]
            if visit.patient_id != first_known([item.content.patient], patients):
                raise Unusable("its encounter belongs to another patient")
            recorded_at = item.content.recorded_at or visit.end_at
            findings.append(_ResolvedCondition(step.new_id(), item.content.text, visit, recorded_at))
            record_id = findings[-1].record_id
            outcome.note(item.line, map(others, known.left_out(item.content, record_id)))
            known.link(item.content, record_id)
    if findings:
        outcome.new = len(findings)
        await _write(step, findings)
    await known.save(step)
    return outcome


async def _write(step: Step, findings: Sequence[_ResolvedCondition]) -> None:
    """Add the records, then their audit entries: keys are locked before chains, each sorted, as everywhere."""
    ordered = sorted(findings, key=lambda each: (each.visit.patient_id, each.recorded_at))
    for each in ordered:
        visit = each.visit
        record = NewRecord(each.record_id, visit.patient_id, visit.doctor_id, visit.id, each.recorded_at)
        place = TextLocation(visit.patient_id, each.record_id, 1, each.recorded_at)
        await records.add(step.pg, record, await step.cipher.seal(step.pg, place, each.text, step.now))
    for patient_id, group in groupby(ordered, lambda each: each.visit.patient_id):
        ids = [each.record_id for each in group]
        await step.trail.append(
            step.pg, AuditEntry(patient_id, ACTOR, None, Access.IMPORTED, Basis.IMPORT, ids), step.now
        )
