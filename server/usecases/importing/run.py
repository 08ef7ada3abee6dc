"""Imports an export: one resource type after another, some hundred lines per transaction; a bad line stops no other."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, NamedTuple, cast

from db.errors import ConstraintViolated
from db.postgres import imports
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.rehearsal import rehearsal
from db.postgres.cluster.transaction import transact
from db.postgres.directory import reserved_systems
from server.domain.ids import Clock, IdMaker
from server.fhir import directory as reading
from server.fhir import roles
from server.fhir.appointment import appointment, schedule, slot
from server.fhir.encounter import encounter
from server.fhir.export import KINDS, Export, Line
from server.fhir.fields import Json, Origin, own
from server.fhir.patient import patient
from server.fhir.records.condition import condition
from server.fhir.records.document import document
from server.usecases.appointments.day_locks import Locks
from server.usecases.importing import bookings, clinics, doctors, documents, encounters, patients, records, schedules
from server.usecases.importing.batches import ACTOR, BatchContext, ImportCounts, ImportOptions, Item, RunMemory
from server.usecases.importing.lines import read_line
from server.usecases.records.audit_trail import AuditTrail
from server.usecases.records.encryption import RecordCipher
from server.usecases.unit_of_work import database_failures_as_domain_errors

BATCH = 300


_DEFAULTS = ImportOptions()
_CONFLICTS = {
    "appointments_practitioner_no_overlap": (
        "its doctor has an appointment at another clinic then: move or cancel one of the two, and run again"
    ),
}
"""What the constraints mean that only an extra seat can meet."""


async def _never(_context: BatchContext, _items: Sequence[Item[Any]]) -> ImportCounts:
    raise AssertionError("no line of this kind needs a transaction of its own")


@dataclass(frozen=True, slots=True)
class _ResourceType:
    """How resources of one type are read, and how a batch of them is written."""

    read: Callable[[Json, Origin], Any]
    write: Callable[[BatchContext, Sequence[Item[Any]]], Awaitable[ImportCounts]]
    write_alone: Callable[[BatchContext, Sequence[Item[Any]]], Awaitable[ImportCounts]] = _never
    """How one is written that needs a transaction of its own."""
    is_alone: Callable[[Any, datetime], bool] = lambda _content, _now: False
    """Which ones these are."""
    finish: Callable[[BatchContext, Sequence[Item[Any]]], Awaitable[ImportCounts]] = _never
    """What is done once all lines are read."""
    unfinished: Callable[[RunMemory], Iterable[Sequence[Item[Any]]]] = lambda _memory: ()
    """Which lines it is done for, in parts."""


_KINDS: Mapping[str, _ResourceType] = {
    "Organization": _ResourceType(reading.organization, clinics.organizations),
    "Location": _ResourceType(reading.location, clinics.locations),
    "Practitioner": _ResourceType(reading.practitioner, doctors.practitioners),
    "PractitionerRole": _ResourceType(roles.role, doctors.roles),
    "Patient": _ResourceType(patient, patients.add, finish=patients.link, unfinished=lambda memory: [memory.linked]),
    "Slot": _ResourceType(slot, schedules.slots),
    "Schedule": _ResourceType(
        schedule, schedules.schedules, finish=schedules.set_hours, unfinished=schedules.by_doctor
    ),
    "Encounter": _ResourceType(encounter, encounters.add),
    "Appointment": _ResourceType(appointment, encounters.add_booked, bookings.book, bookings.takes_time),
    "Condition": _ResourceType(condition, records.add),
    "DocumentReference": _ResourceType(document, documents.add),
}


class ForeignIdentifiersError(Exception):
    """The database has ids of the exporter that no import wrote; the text says what to do."""


class Importer:
    """Imports exports."""

    def __init__(self, engine: Engine, clock: Clock, new_id: IdMaker, cipher: RecordCipher, trail: AuditTrail) -> None:
        self._engine = engine
        self._clock = clock
        self._new_id = new_id
        self._cipher = cipher
        self._trail = trail

    async def run(
        self, export: Export, origin: Origin, options: ImportOptions = _DEFAULTS
    ) -> AsyncGenerator[tuple[str, int, ImportCounts], None]:
        """Import a surveyed export; yields (resource type, number of lines, their result) after each batch.

        Each batch is committed before it is yielded. Raises ForeignIdentifiersError before the first; after OVERLOADED,
        TRANSACTION_CONFLICT or DATABASE_UNAVAILABLE, yielded batches are stored and another run continues from there.
        A dry run yields the same and keeps nothing: all of it is one transaction, which is rolled back.
        """
        if not options.dry_run:
            # Safe to repeat: a second run finds the identifiers that the first one committed.
            perform = partial(transact, self._engine, replayable=True)
            async for result in self._run(export, origin, options, _Transactions(perform, perform)):
                yield result
            return
        async with rehearsal(self._engine) as all_of_it:
            transactions = _Transactions(all_of_it.run, partial(all_of_it.run, keep=False))
            async for result in self._run(export, origin, options, transactions):
                yield result

    async def _run(
        self, export: Export, origin: Origin, options: ImportOptions, transactions: "_Transactions"
    ) -> AsyncGenerator[tuple[str, int, ImportCounts], None]:
        owned = await self._reserve(transactions, [own(name, "", origin).system for name in KINDS])
        memory = RunMemory(
            export.unattributed,
            booked_slots=export.booked_slots,
            own_systems=owned,
            patients_by_identifier=export.patients_by_identifier,
        )
        write = partial(self._write, transactions, memory, options)
        for name in KINDS:
            kind, seen = _KINDS[name], set[str]()
            for lines in _batches(export.lines(name)):
                outcome = ImportCounts()
                read = partial(read_line, kind.read, origin, owned, export, seen, outcome)
                batch = [item for line in lines if (item := read(line))]
                for part in _parts(kind, batch, origin.now):
                    outcome.add(await write(part))
                outcome.reports.sort(key=lambda report: (report.file, report.first))
                yield name, len(lines), outcome
            for items in kind.unfinished(memory):
                if items:
                    yield name, 0, await write(_Part(kind.finish, items))

    async def _reserve(self, transactions: "_Transactions", systems: Sequence[str]) -> frozenset[str]:
        """Reserve the exporter's systems for imports, because imports use these ids to decide what belongs to whom.

        Returns the systems of all exporters so far, in lower case.
        """

        async def work(pg: Connection) -> frozenset[str]:
            await reserved_systems.lock(pg)
            fresh = await reserved_systems.add(pg, systems, ACTOR, self._clock())
            if count := await reserved_systems.patients_named(pg, fresh):
                raise ForeignIdentifiersError(
                    f"{count} patients have identifiers of {fresh[0].rpartition('/')[0]} that no import gave them, and"
                    " what is imported would be filed under them: take those identifiers off, or give another --source"
                )
            return frozenset(system.casefold() for system in await reserved_systems.all_of(pg, ACTOR))

        with database_failures_as_domain_errors():
            return cast("frozenset[str]", await transactions.reserve(work))

    async def _write(
        self, transactions: "_Transactions", memory: RunMemory, options: ImportOptions, part: "_Part"
    ) -> ImportCounts:
        """Write some lines; if the database refuses them, halve them until the refused line is alone."""
        locks = Locks()

        async def work(pg: Connection) -> ImportCounts:
            await imports.lock(pg)
            context = BatchContext(pg, self._clock(), self._new_id, memory, options, locks, self._cipher, self._trail)
            return await part.write(context, part.items)

        try:
            with database_failures_as_domain_errors():
                return cast("ImportCounts", await transactions.write(work))
        except ConstraintViolated as violated:
            if len(part.items) == 1:
                return ImportCounts(reports=[part.items[0].line.report(_rejected(violated.constraint))])
        outcome = ImportCounts()
        middle = len(part.items) // 2
        for half in (part.items[:middle], part.items[middle:]):
            outcome.add(await self._write(transactions, memory, options, _Part(part.write, half)))
        return outcome


class _Transactions(NamedTuple):
    """How work is done in transactions."""

    write: Callable[[Callable[[Connection], Awaitable[object]]], Awaitable[object]]
    reserve: Callable[[Callable[[Connection], Awaitable[object]]], Awaitable[object]]
    """In one that keeps nobody waiting."""


class _Part(NamedTuple):
    """Lines that are written in one transaction, and how."""

    write: Callable[[BatchContext, Sequence[Item[Any]]], Awaitable[ImportCounts]]
    items: Sequence[Item[Any]]


def _parts(kind: _ResourceType, batch: Sequence[Item[Any]], now: datetime) -> Iterator[_Part]:
    """The parts of a batch; each line that needs a transaction of its own is one."""
    together = [item for item in batch if not kind.is_alone(item.content, now)]
    if together:
        yield _Part(kind.write, together)
    for item in batch:
        if kind.is_alone(item.content, now):
            yield _Part(kind.write_alone, [item])


def _rejected(constraint: str) -> str:
    return _CONFLICTS.get(constraint, f"the database rejected it ({constraint})")


def _batches(lines: Iterator[Line]) -> Iterator[list[Line]]:
    while batch := list(islice(lines, BATCH)):
        yield batch
