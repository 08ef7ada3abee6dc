"""What the steps of an import share: a batch of lines, its result, and what the database has already."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Generic, Protocol, TypeVar

from db.postgres import imports
from db.postgres.cluster.engines import Connection
from db.postgres.directory import reserved_systems
from db.postgres.directory.reserved_systems import IMPORTER
from db.postgres.imports import Noun
from server.domain.ids import IdMaker
from server.fhir.appointment import ExportedSchedule
from server.fhir.export import Line, Outcome, Report
from server.fhir.fields import Identifier, Unusable, shown
from server.fhir.patient import Patient
from server.fhir.references import Reference
from server.usecases.appointments.day_locks import Locks
from server.usecases.records.audit_trail import AuditTrail
from server.usecases.records.encryption import RecordCipher

ACTOR = IMPORTER
"""The name of the importer in histories and in the audit trail."""

E = TypeVar("E")
Named = TypeVar("Named", bound="HasIdentifiers")


class HasIdentifiers(Protocol):
    """Something with identifiers; the first one is the exporter's own id."""

    @property
    def identifiers(self) -> Sequence[Identifier]:
        """The identifiers, at least one."""


@dataclass(frozen=True, slots=True)
class Item(Generic[E]):
    """A line and the resource that was read from it."""

    line: Line
    content: E


@dataclass(frozen=True, slots=True)
class ImportedItem(Generic[Named]):
    """A line whose thing is in the book."""

    item: Item[Named]
    row_id: str
    is_known: bool
    """Whether the book had it under the exporter's own id, before this line."""
    is_matched: bool = False
    """Whether the book had it from elsewhere: it gets that id with this line."""


@dataclass
class ImportCounts:
    """The result of importing some lines."""

    new: int = 0
    matched: int = 0
    """Those that the database had, from elsewhere."""
    unchanged: int = 0
    changed: int = 0
    """Those that the database had, and about which the export has news."""
    doctors: int = 0
    """Doctors that were created because the export has no role for them."""
    reports: list[Report] = field(default_factory=list)

    @contextmanager
    def reporting(self, line: Line) -> Iterator[None]:
        """Report the line if its processing raises Unusable, and continue."""
        try:
            yield
        except Unusable as unusable:
            self.reports.append(line.report(unusable.reason))

    def note(self, line: Line, reasons: Iterable[str]) -> None:
        """Report what of an imported line is left off."""
        self.reports += [line.report(reason, Outcome.IN_PART) for reason in reasons]

    def match(self, line: Line, identifier: Identifier, agreeing: str) -> None:
        """Report that the line is the same as something in the book, and by which rule."""
        self.matched += 1
        reason = f"is the same as one in the book: its identifier of {shown(identifier)} and its {agreeing} agree"
        self.reports.append(line.report(reason, Outcome.MATCHED))

    def add(self, other: "ImportCounts") -> None:
        """Add the counts of another batch."""
        self.new += other.new
        self.matched += other.matched
        self.unchanged += other.unchanged
        self.changed += other.changed
        self.doctors += other.doctors
        self.reports += other.reports


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the one who imports decides."""

    as_overrides: bool = False
    """Appointments whose doctor has no free seat take an extra one."""
    hours_since: date = date.max
    """The day from which slots become working hours; without slots in the export it means nothing."""
    dry_run: bool = False
    """Everything is found out, and nothing changed."""


@dataclass(frozen=True, slots=True)
class RunMemory:
    """What a run remembers of earlier lines."""

    unattributed: Collection[Identifier]
    """Patients with a Condition that names neither encounter nor recorder nor asserter."""
    general_practitioners: dict[Identifier, Sequence[Reference]] = field(default_factory=dict)
    """Those of the unattributed."""
    retired: set[str] = field(default_factory=set)
    """The practitioners whom the export calls inactive."""
    booked_slots: Collection[Identifier] = ()
    """Slots that Appointments name."""
    slots: dict[Identifier, dict[str, tuple[datetime, datetime]]] = field(default_factory=dict)
    """Start and end of slots, by schedule and by id."""
    schedules: dict[str, list[Item[ExportedSchedule]]] = field(default_factory=dict)
    """By doctor."""
    linked: list[Item[Patient]] = field(default_factory=list)
    """Patients who replace others, or are replaced."""
    own_systems: Collection[str] = ()
    """Systems of all exporters' own ids, in lower case. In a dry run the database does not know those of this one."""
    patients_by_identifier: Collection[Identifier] = ()
    """Identifiers, other than the exporter's own ids, by which lines name patients."""
    identified: dict[Identifier, Identifier] = field(default_factory=dict)
    """The exporter's own ids of the patients of the export that have those identifiers."""
    strangers: set[Identifier] = field(default_factory=set)
    """Exporter's ids that mean other patients in the database than in the export: nothing is stored under them."""


@dataclass(frozen=True, slots=True)
class BatchContext:
    """What the import of one batch works with: its transaction, and what is the same for the whole run."""

    pg: Connection
    now: datetime
    new_id: IdMaker
    memory: RunMemory
    options: ImportOptions
    locks: Locks
    """Of a booking, if the batch is one; kept over all attempts of its transaction."""
    cipher: RecordCipher
    trail: AuditTrail

    async def resolve(self, noun: Noun, wanted: Iterable[Identifier]) -> dict[Identifier, str]:
        """The ids that identifiers of one noun stand for, as far as the database has them."""
        if noun == "patient":
            return await self._patients({each: self.memory.identified.get(each, each) for each in wanted})
        return await self._named(noun, set(wanted))

    async def _patients(self, meant: Mapping[Identifier, Identifier]) -> dict[Identifier, str]:
        """Patients by identifiers, each given with the one that the export means by it.

        One that not only imports can write, and that no patient of the export has, names nobody: anybody may have
        entered it.
        """
        wanted = set(meant.values()) - self.memory.strangers
        own = {each for each in wanted if each.system.casefold() in self.memory.own_systems}
        systems = {each.system for each in wanted - own}
        reserved = await reserved_systems.reserved(self.pg, systems) if systems else {}
        found = await self._named("patient", own | {each for each in wanted if each.system in reserved})
        ends = await imports.replacements(self.pg, found.values())
        return {each: ends.get(found[named], found[named]) for each, named in meant.items() if named in found}

    async def _named(self, noun: Noun, wanted: Collection[Identifier]) -> dict[Identifier, str]:
        rows = await imports.named(self.pg, noun, wanted)
        return {Identifier(row.system, row.value): row.id for row in rows}


def first_known(references: Sequence[Reference], known: dict[Identifier, str]) -> str:
    """The id of the first reference that is known (Unusable if none is)."""
    for reference in references:
        if reference.identifier in known:
            return known[reference.identifier]
    raise Unusable(f"{references[0].label} is neither in the export nor already imported, or was itself reported")
