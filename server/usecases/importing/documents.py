"""Documents become medical records; one that replaces another becomes its next version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from db.postgres import imports
from db.postgres.imports import Pair, VisitRow
from db.postgres.records import records
from db.postgres.records.records import LockedRecordRow
from server.fhir.fields import Identifier, Unusable, Withdrawn
from server.fhir.records.document import Document
from server.usecases.importing.batches import BatchContext, ImportCounts, Item, first_known
from server.usecases.importing.doctors import doctors_of
from server.usecases.importing.matching import IdentifierIndex
from server.usecases.importing.records import WITHDRAWN, NewFinding, NextVersion, write
from server.usecases.importing.upkeep import CHANGED_HERE, Fields, LastImport

AnyDocument = Document | Withdrawn


@dataclass(frozen=True, slots=True)
class _References:
    """What the references of a batch stand for."""

    patients: dict[Identifier, str]
    visits: Mapping[Identifier, VisitRow]
    authors: Mapping[Identifier, str]
    """The doctors."""

    @staticmethod
    async def load(context: BatchContext, documents: Sequence[Document]) -> "_References":
        named = {each.identifier for document in documents for each in document.visits}
        ids = await context.resolve("appointment", named)
        rows = {row.id: row for row in await imports.visits(context.pg, ids.values())}
        return _References(
            await context.resolve("patient", {each.patient.identifier for each in documents}),
            {identifier: rows[row_id] for identifier, row_id in ids.items()},
            await _authors(context, {each.identifier for document in documents for each in document.authors}),
        )

    def finding(self, record_id: str, document: Document) -> NewFinding:
        """The record of a document (Unusable)."""
        patient_id = first_known([document.patient], self.patients)
        visit = next((self.visits[each.identifier] for each in document.visits if each.identifier in self.visits), None)
        if visit and visit.patient_id != patient_id:
            raise Unusable("its encounter or appointment belongs to another patient")
        doctor_id = next(filter(None, (self.authors.get(each.identifier) for each in document.authors)), None)
        doctor_id = doctor_id or (visit.doctor_id if visit else None)
        if doctor_id is None:
            raise Unusable("its author is no doctor in the book, and it names no visit")
        visit_id = visit.id if visit else None
        return NewFinding(record_id, document.text, patient_id, doctor_id, visit_id, document.written_at)


async def _authors(context: BatchContext, named: set[Identifier]) -> dict[Identifier, str]:
    """The doctors: of a role that one at its clinic, of a practitioner the first one."""
    people = await context.resolve("practitioner", named)
    places = await context.resolve("clinic", named)
    pairs: dict[Identifier, Pair] = {each: (people[each], places[each]) for each in people.keys() & places.keys()}
    by_role = await doctors_of(context, list(pairs.values()))
    first = await imports.first_doctors(context.pg, people.values())
    found = {each: by_role.get(pairs[each]) if each in pairs else first.get(people[each]) for each in people}
    return {each: doctor_id for each, doctor_id in found.items() if doctor_id}


async def add(context: BatchContext, batch: Sequence[Item[AnyDocument]]) -> ImportCounts:
    """Add a record for each document that the database does not have, and a version for each that replaces another."""
    contents = [item.content for item in batch]
    documents = [each for each in contents if isinstance(each, Document)]
    known = await IdentifierIndex.load(context, "record", contents)
    replaced = {each.replaces.identifier for each in documents if each.replaces}
    there = await context.resolve("record", replaced | {each.identifiers[0] for each in contents})
    work = _DocumentBatch(
        context,
        known,
        await _References.load(context, documents),
        await LastImport.load(context, contents, replaced),
        there,
        {row.id: row for row in await records.lock_all(context.pg, sorted({*there.values()}))},
    )
    for item in batch:
        with work.outcome.reporting(item.line):
            work.sort(item.content)
    await write(context, work.new, work.amendments)
    await known.save(context)
    await work.last_import.save()
    return work.outcome


@dataclass
class _DocumentBatch:
    """What is to be done about the documents of a batch."""

    context: BatchContext
    known: IdentifierIndex
    references: _References
    last_import: LastImport
    there: dict[Identifier, str]
    """Records, by the documents that are versions of them."""
    heads: dict[str, LockedRecordRow]
    """The records as they are after the lines so far."""
    wrote: dict[Identifier, int] = field(default_factory=dict)
    """The version of its record that a document of this batch became."""
    outcome: ImportCounts = field(default_factory=ImportCounts)
    new: list[NewFinding] = field(default_factory=list)
    amendments: list[NextVersion] = field(default_factory=list)

    def sort(self, content: AnyDocument) -> None:
        """Decide what to do about a line (Unusable)."""
        own_id = content.identifiers[0]
        if own_id in self.there:
            if self.last_import.has_news(content, _fields_of(content)):
                self._amend(content, own_id)
                self.outcome.changed += 1
            else:
                self.outcome.unchanged += 1
        elif isinstance(content, Withdrawn):
            raise Unusable(content.reason)
        elif content.replaces and content.replaces.identifier in self.there:
            self._amend(content, content.replaces.identifier)
            self.outcome.new += 1
        else:
            self._add(content)
            self.outcome.new += 1

    def _add(self, content: Document) -> None:
        found = self.references.finding(self.context.new_id(), content)
        self.new.append(found)
        self.heads[found.record_id] = LockedRecordRow(found.record_id, found.patient_id, 1)
        self._note(content, found.record_id, 1)

    def _amend(self, content: AnyDocument, before: Identifier) -> None:
        """Add a version to the record of a document, unless it has other versions since (Unusable)."""
        head = self.heads[self.there[before]]
        if head.version != self.wrote.get(before, self.last_import.version(before)):
            raise Unusable(CHANGED_HERE)
        if isinstance(content, Document):
            if first_known([content.patient], self.references.patients) != head.patient_id:
                raise Unusable("the document that it replaces belongs to another patient")
            is_new = content.identifiers[0] != before
            written, at = content.text, content.written_at if is_new else self.context.now
        else:
            written, at = WITHDRAWN, self.context.now
        self.heads[head.id] = head._replace(version=head.version + 1)
        self.amendments.append(NextVersion(head.patient_id, head.id, head.version + 1, written, at))
        self._note(content, head.id, head.version + 1)

    def _note(self, content: AnyDocument, record_id: str, version: int) -> None:
        own_id = content.identifiers[0]
        self.there[own_id], self.wrote[own_id] = record_id, version
        self.known.link(content, record_id)
        self.last_import.note(content, _fields_of(content), version)


def _fields_of(content: AnyDocument) -> Fields:
    return {"withdrawn": True} if isinstance(content, Withdrawn) else {"text": content.text}
