"""Visits that are over, or take no time in the book: Encounters, and Appointments of the past or cancelled ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from db.postgres import imports
from db.postgres.booking import appointments, days
from db.postgres.booking.appointments import NewAppointment
from db.postgres.booking.feed import AppointmentChange
from db.postgres.imports import VisitRow
from server.domain.booking.appointment import AppointmentStatus
from server.domain.booking.doctor import DoctorDay
from server.fhir.encounter import past_period
from server.fhir.fields import Identifier, Unusable, Withdrawn
from server.fhir.roles import GENERAL_PRACTICE
from server.fhir.visit import ExportedVisit
from server.usecases.appointments import history
from server.usecases.importing.batches import ACTOR, BatchContext, ImportCounts, Item
from server.usecases.importing.doctors import add_doctor, doctors_of
from server.usecases.importing.matching import IdentifierIndex, others
from server.usecases.importing.upkeep import CHANGED_HERE, LastImport
from server.usecases.importing.visits import (
    AnyVisit,
    PeriodOf,
    ResolvedVisit,
    VisitReferences,
    fields_of,
    has_news,
    only_visits,
)

CHANGED, WITHDRAWN = "changed by an import", "entered in error, says an import"


async def add(context: BatchContext, batch: Sequence[Item[AnyVisit]]) -> ImportCounts:
    """Add a past appointment for each encounter that the database does not have, and its doctor if there is no role."""
    return await _VisitBatch.run(context, batch, lambda visit, zone: past_period(visit, zone, context.now))


async def add_booked(context: BatchContext, batch: Sequence[Item[AnyVisit]]) -> ImportCounts:
    """Add Appointments that take no time in the book."""
    return await _VisitBatch.run(context, batch, lambda visit, zone: visit.period(zone))


@dataclass
class _VisitBatch:
    """What is to be done about the visits of a batch."""

    context: BatchContext
    known: IdentifierIndex
    references: VisitReferences
    there: dict[str, VisitRow]
    last_import: LastImport
    outcome: ImportCounts = field(default_factory=ImportCounts)
    new: list[ResolvedVisit] = field(default_factory=list)
    changed: list[tuple[Item[AnyVisit], ResolvedVisit, int]] = field(default_factory=list)
    """With the version that an import wrote last."""
    withdrawn: list[tuple[Item[AnyVisit], VisitRow]] = field(default_factory=list)
    booked: dict[Identifier, str] = field(default_factory=dict)
    """Appointments that encounters name: other names for their visits."""
    met: set[str] = field(default_factory=set)
    """Booked appointments that an encounter of this batch is about."""

    @staticmethod
    async def run(context: BatchContext, batch: Sequence[Item[AnyVisit]], period_of: PeriodOf) -> ImportCounts:
        contents = [item.content for item in batch]
        known = await IdentifierIndex.load(context, "appointment", contents)
        references = await VisitReferences.load(context, only_visits(batch), period_of)
        ids = {*known.ids, *references.booked.values()}
        there = {row.id: row for row in await imports.visits(context.pg, ids, _encounters(contents[0]))}
        last_import = await LastImport.load(context, contents, references.booked)
        work = _VisitBatch(context, known, references, there, last_import)
        for item in batch:
            with work.outcome.reporting(item.line):
                work.sort(item)
        await work.write()
        return work.outcome

    def sort(self, item: Item[AnyVisit]) -> None:
        """Decide what to do about a line (Unusable)."""
        visit = item.content
        found = self.known.matching_id(visit, partial(self._is_same, visit))
        if found and self.known.has_own_id(visit):
            self._again(item, self.there[found])
        elif isinstance(visit, Withdrawn):
            raise Unusable(visit.reason)
        elif booked := self._booked_as(visit):
            name, row_id = booked
            self.changed.append((item, self.references.resolve(row_id, visit), self.last_import.version(name)))
            self.known.link(visit, row_id)
            self.met.add(row_id)
        elif found:
            self.outcome.match(item.line, self.known.identifier_of(visit, found), "patient and end")
            self.known.link(visit, found)
            self.last_import.note(visit, fields_of(visit), self.there[found].version)
        else:
            self._add(item, visit)

    def _again(self, item: Item[AnyVisit], row: VisitRow) -> None:
        visit = item.content
        # The encounter says what happened.
        told_elsewhere = row.has_encounter and visit.identifiers[0].system != _encounters(visit)
        if told_elsewhere or not has_news(self.last_import, visit):
            self.outcome.unchanged += 1
            self.last_import.remember(visit, fields_of(visit))
        elif isinstance(visit, Withdrawn):
            self.withdrawn.append((item, row))
        else:
            self.changed.append(
                (item, self.references.resolve(row.id, visit), self.last_import.version(visit.identifiers[0]))
            )

    def _booked_as(self, visit: ExportedVisit) -> tuple[Identifier, str] | None:
        """The appointment that an encounter was booked by, and its name, if no other encounter is about it."""
        for name in (each.identifier for each in visit.appointments):
            row_id = self.references.booked.get(name, "")
            if row_id in self.there and row_id not in self.met and not self.there[row_id].has_encounter:
                return name, row_id
        return None

    def _add(self, item: Item[AnyVisit], visit: ExportedVisit) -> None:
        found = self.references.resolve(self.context.new_id(), visit)
        self.new.append(found)
        self.outcome.note(item.line, map(others, self.known.left_out(visit, found.id)))
        self.known.link(visit, found.id)
        self.booked |= {each.identifier: found.id for each in visit.appointments if each.identifier not in self.booked}
        self.last_import.note(visit, fields_of(visit), 1)

    def _is_same(self, visit: AnyVisit, row_id: str) -> bool:
        row = self.there.get(row_id)
        if row is None or isinstance(visit, Withdrawn):
            return False
        return (row.patient_id, row.end_at) == self.references.whose_until(visit)

    async def write(self) -> None:
        """Lock the days, then add and change the appointments."""
        context = self.context
        doctors = await doctors_of(context, [visit.pair for visit in self._resolved()])
        missing = dict.fromkeys(visit.pair for visit in self._resolved() if visit.pair not in doctors)
        for pair in missing:
            doctors[pair] = await add_doctor(context, pair, GENERAL_PRACTICE)
        places = {visit.id: visit.placement(doctors[visit.pair]) for visit in self._resolved()}
        touched: set[DoctorDay] = {(place.doctor_id, place.date) for place in places.values()}
        old = [self.there[visit.id] for _, visit, _ in self.changed] + [row for _, row in self.withdrawn]
        touched |= {(row.doctor_id, row.date) for row in old}
        if touched:
            await days.raise_revisions(context.pg, touched, context.now)
        versions = await imports.lock_visits(context.pg, [row.id for row in old]) if old else {}
        changes = [AppointmentChange(visit.id, "imported", ACTOR) for visit in self.new]
        for visit in self.new:
            new = NewAppointment(visit.id, visit.patient_id, visit.visit.status, visit.reason, visit.type_id)
            await appointments.insert(context.pg, new, places[visit.id], context.now)
        for item, visit, written in self.changed:
            with self.outcome.reporting(item.line):
                self._check(visit.id, versions[visit.id] == written, visit.patient_id)
                new = NewAppointment(visit.id, visit.patient_id, visit.visit.status, visit.reason, visit.type_id)
                await appointments.replace(context.pg, new, places[visit.id], context.now)
                changes.append(self._changed(item, visit.id, versions, CHANGED))
        for item, row in self.withdrawn:
            with self.outcome.reporting(item.line):
                is_ours = versions[row.id] == self.last_import.version(item.content.identifiers[0])
                self._check(row.id, is_ours, row.patient_id)
                await appointments.set_status(context.pg, [row.id], AppointmentStatus.CANCELLED, context.now)
                changes.append(self._changed(item, row.id, versions, WITHDRAWN))
        self.outcome.new, self.outcome.doctors = len(self.new), len(missing)
        await self._save(changes)

    def _resolved(self) -> Iterator[ResolvedVisit]:
        yield from self.new
        yield from (visit for _, visit, _ in self.changed)

    def _check(self, row_id: str, is_ours: bool, patient_id: str) -> None:
        """Refuse to change what was changed here, or belongs to somebody else (Unusable)."""
        if not is_ours:
            raise Unusable(CHANGED_HERE)
        if self.there[row_id].patient_id != patient_id:
            raise Unusable("it belongs to another patient now: cancel it in the book if that is right")

    def _changed(self, item: Item[AnyVisit], row_id: str, versions: dict[str, int], note: str) -> AppointmentChange:
        versions[row_id] += 1
        self.last_import.note(item.content, fields_of(item.content), versions[row_id])
        self.outcome.changed += 1
        return AppointmentChange(row_id, "imported", ACTOR, note)

    async def _save(self, changes: Sequence[AppointmentChange]) -> None:
        await self.known.save(self.context)
        fresh = {each: row_id for each, row_id in self.booked.items() if each not in self.references.booked}
        await imports.add_identifiers(self.context.pg, "appointment", fresh.items())
        await self.last_import.save()
        if changes:
            await history.record_changes(self.context.pg, changes, self.context.now)


def _encounters(visit: AnyVisit) -> str:
    """The system of the exporter's own ids of Encounters."""
    return f"{visit.identifiers[0].system.rpartition('/')[0]}/Encounter"
