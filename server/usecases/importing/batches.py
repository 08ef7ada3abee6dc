"""What the steps of an import share: a batch of lines, its result, and what the database has already."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Generic, Protocol, TypeVar

from db.postgres import imports
from db.postgres.cluster.engines import Connection
from db.postgres.directory.reserved_systems import IMPORTER
from db.postgres.imports import Noun
from server.domain.ids import IdMaker
from server.domain.names import are_same
from server.fhir.export import Line, Outcome, Report
from server.fhir.fields import Identifier, Unusable, shown
from server.fhir.references import Reference
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
class Placed(Generic[Named]):
    """A line whose thing is in the book."""

    item: Item[Named]
    row_id: str
    is_known: bool
    """Whether the book had it under the exporter's own id, before this line."""


@dataclass
class ImportCounts:
    """The result of importing some lines."""

    new: int = 0
    matched: int = 0
    """Those that the database had, from elsewhere."""
    unchanged: int = 0
    changed: int = 0
    """Those that the database had, and that the export tells news of."""
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
class RunMemory:
    """What a run remembers of earlier lines."""

    unattributed: Collection[Identifier]
    """Patients with a Condition that tells neither encounter nor recorder nor asserter."""
    general_practitioners: dict[Identifier, Sequence[Reference]] = field(default_factory=dict)
    """Those of the unattributed."""
    retired: set[str] = field(default_factory=set)
    """The practitioners whom the export calls inactive."""
    strangers: set[Identifier] = field(default_factory=set)
    """Exporter's ids that mean other patients in the database than in the export: nothing is stored under them."""


@dataclass(frozen=True, slots=True)
class Step:
    """One batch and its transaction."""

    pg: Connection
    now: datetime
    new_id: IdMaker
    memory: RunMemory
    cipher: RecordCipher
    trail: AuditTrail

    async def resolve(self, noun: Noun, wanted: Iterable[Identifier]) -> dict[Identifier, str]:
        """The ids that identifiers of one noun stand for, as far as the database has them."""
        rows = await imports.named(self.pg, noun, set(wanted) - self.memory.strangers)
        found = {Identifier(row.system, row.value): row.id for row in rows}
        if noun != "patient":
            return found
        ends = await imports.replacements(self.pg, found.values())
        return {identifier: ends.get(each, each) for identifier, each in found.items()}


class Known:
    """Which things of a batch the database has already, and under which id."""

    def __init__(self, noun: Noun, rows: Iterable[imports.NamedRow]) -> None:
        self._noun = noun
        self._ids: dict[Identifier, str] = {}
        self._linked: set[str] = set()
        self._names: list[tuple[Identifier, str]] = []
        for row in rows:
            self._ids[Identifier(row.system, row.value)] = row.id
            if row.linked:
                self._linked.add(row.id)

    @staticmethod
    async def load(step: Step, noun: Noun, things: Sequence[HasIdentifiers]) -> "Known":
        """Look up all identifiers of the things."""
        names = {identifier for thing in things for identifier in thing.identifiers}
        return Known(noun, await imports.named(step.pg, noun, names, things[0].identifiers[0].system))

    @property
    def ids(self) -> set[str]:
        """The ids that were found."""
        return set(self._ids.values())

    def id_of(self, thing: HasIdentifiers) -> str:
        """The id of a thing that was linked; empty if it was reported instead."""
        return self._ids.get(thing.identifiers[0], "")

    def has(self, thing: HasIdentifiers) -> bool:
        """Whether the database has a thing under the exporter's own id."""
        return thing.identifiers[0] in self._ids

    def by(self, thing: HasIdentifiers, row_id: str) -> Identifier:
        """The identifier by which a thing was found."""
        return next(each for each in thing.identifiers if self._ids.get(each) == row_id)

    def find(self, thing: HasIdentifiers, is_same: Callable[[str], bool]) -> str | None:
        """The id of a thing; None if it is new.

        The exporter's own id decides, since only imports write it. Any other identifier may have been entered by
        anybody, be shared by twins or be a placeholder: it counts as the same thing only if the exporter does not have
        that thing under another id and `is_same` agrees. Two people, or two places, must never become one.
        """
        own, *others = thing.identifiers
        if own in self._ids:
            return self._ids[own]
        found = {self._ids[each] for each in others if each in self._ids} - self._linked
        same = [each for each in sorted(found) if is_same(each)]
        return same[0] if len(same) == 1 else None

    def left_out(self, thing: HasIdentifiers, row_id: str) -> list[Identifier]:
        """The identifiers of a thing that belong to another thing in the database, and stay with that one."""
        return [each for each in thing.identifiers if self._ids.get(each, row_id) != row_id]

    def link(self, thing: HasIdentifiers, row_id: str) -> None:
        """Note the identifiers of a thing that the database does not have yet."""
        for identifier in thing.identifiers:
            if identifier not in self._ids:
                self._ids[identifier] = row_id
                self._names.append((identifier, row_id))
        self._linked.add(row_id)

    async def save(self, step: Step) -> None:
        """Store the noted identifiers."""
        if self._names:
            await imports.name(step.pg, self._noun, self._names)


async def add_missing(
    step: Step,
    known: Known,
    batch: Sequence[Item[Named]],
    add: Callable[[Step, str, Named], Awaitable[None]],
    is_same: Callable[[Named, str], bool],
    agreeing: str,
    check: Callable[[Named, str], None] = lambda _thing, _id: None,
) -> tuple[ImportCounts, list[Placed[Named]]]:
    """Add what the database does not have, and leave what it has unchanged; returns where each thing is now.

    The known ones are not counted yet.

    `is_same` decides whether a thing is the one with an id, if they share an identifier other than the exporter's own:
    by what is `agreeing`;
    `check` may refuse (Unusable) a match that was found by the exporter's own id.
    """
    outcome, placed = ImportCounts(), list[Placed[Named]]()
    for item in batch:
        with outcome.reporting(item.line):
            thing, is_known = item.content, known.has(item.content)
            row_id = known.find(thing, partial(is_same, thing))
            if row_id is None:
                row_id = step.new_id()
                await add(step, row_id, thing)
                outcome.new += 1
            elif is_known:
                check(thing, row_id)
            else:
                outcome.match(item.line, known.by(thing, row_id), agreeing)
            outcome.note(item.line, map(others, known.left_out(thing, row_id)))
            known.link(thing, row_id)
            placed.append(Placed(item, row_id, is_known))
    await known.save(step)
    return outcome, placed


class HasName(Protocol):
    """Something with a name."""

    @property
    def name(self) -> str:
        """The name."""


async def by_name(step: Step, noun: Noun, known: Known) -> Callable[[HasName, str], bool]:
    """Returns a check whether a thing has the same name as the row with an id."""
    names = await imports.names(step.pg, noun, known.ids)
    return lambda thing, row_id: row_id in names and are_same(thing.name, names[row_id])


def others(identifier: Identifier) -> str:
    """The report line for an identifier that stays with another thing than the one that has it in the export."""
    return f"its identifier of {shown(identifier)} belongs to another in the book: all but this identifier is there"


def first_known(references: Sequence[Reference], known: dict[Identifier, str]) -> str:
    """The id of the first reference that is known (Unusable if none is)."""
    for reference in references:
        if reference.identifier in known:
            return known[reference.identifier]
    raise Unusable(f"{references[0].label} is neither in the export nor already imported, or was itself reported")
