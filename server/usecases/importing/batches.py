"""What the steps of an import share: a batch of lines, what came of it, and what the book knows already."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Generic, Protocol, TypeVar

from db.postgres import imports
from db.postgres.cluster.engines import Connection
from db.postgres.imports import Noun
from db.postgres.reserved_systems import IMPORTER
from server.domain.ids import IdMaker
from server.fhir.export import Line, Report
from server.fhir.fields import Identifier, Unusable
from server.fhir.references import Reference
from server.usecases.records.audit_trail import AuditTrail
from server.usecases.records.encryption import RecordCipher

ACTOR = IMPORTER
"""Who did it, in histories and in the audit trail."""

E = TypeVar("E")
Named = TypeVar("Named", bound="HasIdentifiers")


class HasIdentifiers(Protocol):
    """Something that systems have names for; the first name is the exporter's own id."""

    @property
    def identifiers(self) -> Sequence[Identifier]:
        """The names, at least one."""


@dataclass(frozen=True, slots=True)
class Item(Generic[E]):
    """What a line holds, read."""

    line: Line
    content: E


@dataclass
class ImportCounts:
    """What came of some lines."""

    new: int = 0
    unchanged: int = 0
    doctors: int = 0
    """Doctors made for want of a role."""
    reports: list[Report] = field(default_factory=list)

    @contextmanager
    def reporting(self, line: Line) -> Iterator[None]:
        """Report the line if what is done with it finds it Unusable, and go on."""
        try:
            yield
        except Unusable as unusable:
            self.reports.append(line.report(unusable.reason))

    def add(self, other: "ImportCounts") -> None:
        """Count the other's lines too."""
        self.new += other.new
        self.unchanged += other.unchanged
        self.doctors += other.doctors
        self.reports += other.reports


@dataclass(frozen=True, slots=True)
class Step:
    """One batch in its transaction."""

    pg: Connection
    now: datetime
    new_id: IdMaker
    roles: dict[Identifier, Identifier]
    """The practitioner of each role that was read."""
    strangers: set[Identifier]
    """Own ids of patients who are others in the book than in the export: nothing is filed under them."""
    vault: RecordCipher
    trail: AuditTrail

    async def resolve(self, noun: Noun, wanted: Iterable[Identifier]) -> dict[Identifier, str]:
        """The ids that names of one noun stand for, as far as the book knows them."""
        rows = await imports.named(self.pg, noun, set(wanted) - self.strangers)
        return {Identifier(row.system, row.value): row.id for row in rows}


class Known:
    """Which things of a batch the book has already, under which id."""

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
        """Ask the book for all names of the things."""
        names = {identifier for thing in things for identifier in thing.identifiers}
        return Known(noun, await imports.named(step.pg, noun, names, things[0].identifiers[0].system))

    @property
    def ids(self) -> set[str]:
        """The ids that were found."""
        return set(self._ids.values())

    def has(self, thing: HasIdentifiers) -> bool:
        """Whether the book has a thing under the exporter's own id."""
        return thing.identifiers[0] in self._ids

    def find(self, thing: HasIdentifiers, is_same: Callable[[str], bool]) -> str | None:
        """The id of a thing; None if it is new.

        The exporter's own id decides, which nobody but imports writes. Another of its names may have been written by
        anybody, shared by twins or be a placeholder: what it stands for is the same thing only if the exporter does
        not have that under another id and `is_same` says so. Two people, or two places, must never become one.
        """
        own, *others = thing.identifiers
        if own in self._ids:
            return self._ids[own]
        found = {self._ids[each] for each in others if each in self._ids} - self._linked
        same = [each for each in sorted(found) if is_same(each)]
        return same[0] if len(same) == 1 else None

    def left_out(self, thing: HasIdentifiers, row_id: str) -> list[Identifier]:
        """The names of a thing that stand for another one in the book, and stay with that."""
        return [each for each in thing.identifiers if self._ids.get(each, row_id) != row_id]

    def link(self, thing: HasIdentifiers, row_id: str) -> None:
        """Note the names of a thing that the book does not have yet."""
        for identifier in thing.identifiers:
            if identifier not in self._ids:
                self._ids[identifier] = row_id
                self._names.append((identifier, row_id))
        self._linked.add(row_id)

    async def save(self, step: Step) -> None:
        """Add the names that were noted."""
        if self._names:
            await imports.name(step.pg, self._noun, self._names)


async def add_missing(
    step: Step,
    known: Known,
    batch: Sequence[Item[Named]],
    add: Callable[[Step, str, Named], Awaitable[None]],
    is_same: Callable[[Named, str], bool],
    check: Callable[[Named, str], None] = lambda _thing, _id: None,
) -> ImportCounts:
    """Add what the book does not have, and leave what it has as it is.

    `is_same` tells whether a thing is the one with an id, with which it shares another name than the exporter's own;
    `check` may refuse (Unusable) that it is the one with its own id.
    """
    outcome = ImportCounts()
    for item in batch:
        with outcome.reporting(item.line):
            thing = item.content
            row_id = known.find(thing, partial(is_same, thing))
            if row_id is None:
                row_id = step.new_id()
                await add(step, row_id, thing)
                outcome.new += 1
            else:
                if known.has(thing):
                    check(thing, row_id)
                outcome.unchanged += 1
            outcome.reports += [item.line.report(others(each)) for each in known.left_out(thing, row_id)]
            known.link(thing, row_id)
    await known.save(step)
    return outcome


def others(identifier: Identifier) -> str:
    """What a report says of an identifier that stays with another than the thing that names it."""
    return f"its identifier of {shown(identifier)} belongs to another in the book: all but this identifier is there"


def shown(identifier: Identifier) -> str:
    """An identifier in a report: its system alone, since the value may tell who it is."""
    return "".join(character for character in identifier.system[:100] if character.isprintable())


def first_known(references: Sequence[Reference], known: dict[Identifier, str]) -> str:
    """The id of the first reference that is known (Unusable if none is)."""
    for reference in references:
        if reference.identifier in known:
            return known[reference.identifier]
    raise Unusable(f"{references[0].label} is neither in the export nor already imported, or was itself reported")
