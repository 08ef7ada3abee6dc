"""Conditions become medical records, written by the doctors of their encounters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo

from db.postgres import imports
from db.postgres.imports import VisitRow
from db.postgres.records import records
from db.postgres.records.records import NewRecord
from server.domain.records import Access, Basis
from server.fhir.fields import Identifier, Unusable, Withdrawn
from server.fhir.records.condition import Condition
from server.fhir.references import Reference
from server.usecases.importing.batches import ACTOR, BatchContext, ImportCounts, Item, first_known
from server.usecases.importing.matching import IdentifierIndex, others
from server.usecases.importing.upkeep import CHANGED_HERE, Fields, LastImport
from server.usecases.records.audit_trail import AuditEntry
from server.usecases.records.encryption import TextLocation

AnyCondition = Condition | Withdrawn

WITHDRAWN = "Withdrawn: the system that this record was imported from says that it was entered in error."
"""The newest version of a record that was entered in error; earlier ones stay, as of every record."""


@dataclass(frozen=True, slots=True)
class NewFinding:
    """A text whose author is known."""

    record_id: str
    text: str
    patient_id: str
    doctor_id: str
    visit_id: str | None
    recorded_at: datetime


class NextVersion(NamedTuple):
    """A new version of a record."""

    patient_id: str
    record_id: str
    version: int
    text: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class _ConditionReferences:
    """What the references of a batch stand for."""

    patients: dict[Identifier, str]
    encounters: dict[Identifier, str]
    visits: dict[str, VisitRow]
    people: dict[Identifier, str]
    treating: dict[Identifier, Sequence[Reference]]
    """By patient: the general practitioners."""
    doctors: dict[str, str]
    """By practitioner: the doctor to be the author."""

    @staticmethod
    async def load(context: BatchContext, conditions: Sequence[Condition]) -> "_ConditionReferences":
        named = {each.encounter.identifier for each in conditions if each.encounter}
        encounters = await context.resolve("appointment", named)
        treating = {each.patient.identifier: _treating(context, each) for each in conditions}
        named_people = [who for each in conditions for who in [*each.authors, *treating[each.patient.identifier]]]
        people = await context.resolve("practitioner", {who.identifier for who in named_people})
        return _ConditionReferences(
            await context.resolve("patient", {each.patient.identifier for each in conditions}),
            encounters,
            {row.id: row for row in await imports.visits(context.pg, encounters.values())},
            people,
            treating,
            await imports.first_doctors(context.pg, people.values()),
        )

    def visit_of(self, condition: Condition) -> str | None:
        """The visit of a condition, if it names one that is known."""
        return self.encounters.get(condition.encounter.identifier) if condition.encounter else None

    def finding(self, record_id: str, condition: Condition, now: datetime) -> NewFinding:
        """Resolve a condition: by its visit, else by who recorded or asserted it or treats the patient (Unusable)."""
        patient_id, visit_id = first_known([condition.patient], self.patients), self.visit_of(condition)
        if visit_id is None:
            author, at = self._author(condition), _at(condition, now)
            return NewFinding(record_id, condition.text, patient_id, author, None, at)
        visit = self.visits[visit_id]
        if visit.patient_id != patient_id:
            raise Unusable("its encounter belongs to another patient")
        at = _at(condition, visit.end_at)
        return NewFinding(record_id, condition.text, patient_id, visit.doctor_id, visit_id, at)

    def _author(self, condition: Condition) -> str:
        authors = condition.authors or (self.treating[condition.patient.identifier] if not condition.encounter else ())
        people = (self.people.get(each.identifier, "") for each in authors)
        if found := next((self.doctors[each] for each in people if each in self.doctors), None):
            return found
        if condition.encounter:
            first_known([condition.encounter], self.encounters)
        raise Unusable(
            "it names no encounter, and neither its recorder nor its asserter, nor without them the patient's general"
            " practitioner, is a doctor in the book"
        )


def _treating(context: BatchContext, condition: Condition) -> Sequence[Reference]:
    return context.memory.general_practitioners.get(condition.patient.identifier, ())


async def add(context: BatchContext, batch: Sequence[Item[AnyCondition]]) -> ImportCounts:
    """Add a record for each condition that the database does not have, and a version for each that has changed."""
    outcome, contents = ImportCounts(), [item.content for item in batch]
    findings, amended = list[NewFinding](), dict[str, Item[AnyCondition]]()
    conditions = [each for each in contents if isinstance(each, Condition)]
    known, last_import = (
        await IdentifierIndex.load(context, "record", contents),
        await LastImport.load(context, contents),
    )
    references = await _ConditionReferences.load(context, conditions)
    about = await imports.appointments_of_records(context.pg, known.ids)

    def is_same(condition: AnyCondition, row_id: str) -> bool:
        if isinstance(condition, Withdrawn) or about.get(row_id) is None:
            return False
        return about[row_id] == references.visit_of(condition)

    for item in batch:
        with outcome.reporting(item.line):
            content = item.content
            found = known.matching_id(content, partial(is_same, content))
            if found and known.has_own_id(content):
                if last_import.has_news(content, _fields_of(content), if_unknown=isinstance(content, Withdrawn)):
                    amended[found] = item
                else:
                    outcome.unchanged += 1
                    last_import.remember(content, _fields_of(content))
            elif isinstance(content, Withdrawn):
                raise Unusable(content.reason)
            elif found:
                outcome.match(item.line, known.identifier_of(content, found), "encounter")
                known.link(content, found)
            else:
                findings.append(references.finding(context.new_id(), content, context.now))
                outcome.note(item.line, map(others, known.left_out(content, findings[-1].record_id)))
                known.link(content, findings[-1].record_id)
                last_import.note(content, _fields_of(content), 1)
    outcome.new = len(findings)
    versions = await _amendments(context, amended, last_import, outcome) if amended else []
    await write(context, findings, versions)
    await known.save(context)
    await last_import.save()
    return outcome


def _fields_of(condition: AnyCondition) -> Fields:
    return {"withdrawn": True} if isinstance(condition, Withdrawn) else {"text": condition.text}


async def _amendments(
    context: BatchContext, amended: Mapping[str, Item[AnyCondition]], last_import: LastImport, outcome: ImportCounts
) -> list[NextVersion]:
    """The new versions of records, as far as nobody has amended them here."""
    found: list[NextVersion] = []
    for row in await records.lock_all(context.pg, list(amended)):
        item = amended[row.id]
        with outcome.reporting(item.line):
            if row.version != last_import.version(item.content.identifiers[0]):
                raise Unusable(CHANGED_HERE)
            text = WITHDRAWN if isinstance(item.content, Withdrawn) else item.content.text
            found.append(NextVersion(row.patient_id, row.id, row.version + 1, text, context.now))
            last_import.note(item.content, _fields_of(item.content), row.version + 1)
            outcome.changed += 1
    return found


def _at(condition: Condition, otherwise: datetime) -> datetime:
    """When a condition was recorded; a day alone is used only if nothing else says."""
    recorded = condition.recorded
    if recorded is None or (recorded.at is None and condition.encounter):
        return otherwise
    return min(recorded.first(ZoneInfo("UTC")), otherwise)


async def write(context: BatchContext, findings: Sequence[NewFinding], amendments: Sequence[NextVersion]) -> None:
    """Add the texts, then their audit entries: keys are locked before chains, each sorted, as everywhere."""
    ordered = sorted(findings, key=lambda each: (each.patient_id, each.recorded_at))
    for each in ordered:
        record = NewRecord(each.record_id, each.patient_id, each.doctor_id, each.visit_id, each.recorded_at)
        place = TextLocation(each.patient_id, each.record_id, 1, each.recorded_at)
        await records.add(context.pg, record, await context.cipher.seal(context.pg, place, each.text, context.now))
    for new in sorted(amendments):
        place = TextLocation(new.patient_id, new.record_id, new.version, new.written_at)
        await records.amend(context.pg, await context.cipher.seal(context.pg, place, new.text, context.now))
    entries = [
        AuditEntry(patient_id, ACTOR, None, Access.IMPORTED, Basis.IMPORT, [each.record_id for each in group])
        for patient_id, group in groupby(ordered, lambda each: each.patient_id)
    ]
    entries += [
        AuditEntry(new.patient_id, ACTOR, None, Access.AMENDED, Basis.IMPORT, [new.record_id], version=new.version)
        for new in amendments
    ]
    for entry in sorted(entries, key=lambda each: each.patient_id):
        await context.trail.append(context.pg, entry, context.now)
