"""Which things of an export the book has already, and under which id."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Protocol

from db.postgres import imports
from db.postgres.imports import Noun
from server.domain.people.names import are_same
from server.fhir.fields import Identifier, shown
from server.usecases.importing.batches import BatchContext, HasIdentifiers, ImportCounts, ImportedItem, Item, Named


class IdentifierIndex:
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
    async def load(context: BatchContext, noun: Noun, things: Sequence[HasIdentifiers]) -> "IdentifierIndex":
        """Look up all identifiers of the things."""
        names = {identifier for thing in things for identifier in thing.identifiers}
        return IdentifierIndex(noun, await imports.named(context.pg, noun, names, things[0].identifiers[0].system))

    @property
    def ids(self) -> set[str]:
        """The ids that were found."""
        return set(self._ids.values())

    def linked_id(self, thing: HasIdentifiers) -> str:
        """The id of a thing that was linked; empty if it was reported instead."""
        return self._ids.get(thing.identifiers[0], "")

    def has_own_id(self, thing: HasIdentifiers) -> bool:
        """Whether the database has a thing under the exporter's own id."""
        return thing.identifiers[0] in self._ids

    def identifier_of(self, thing: HasIdentifiers, row_id: str) -> Identifier:
        """The identifier by which a thing was found."""
        return next(each for each in thing.identifiers if self._ids.get(each) == row_id)

    def matching_id(self, thing: HasIdentifiers, is_same: Callable[[str], bool]) -> str | None:
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

    async def save(self, context: BatchContext) -> None:
        """Store the noted identifiers."""
        if self._names:
            await imports.add_identifiers(context.pg, self._noun, self._names)


async def add_missing(
    context: BatchContext,
    known: IdentifierIndex,
    batch: Sequence[Item[Named]],
    add: Callable[[BatchContext, str, Named], Awaitable[None]],
    is_same: Callable[[Named, str], bool],
    agreeing: str,
    check: Callable[[Named, str], None] = lambda _thing, _id: None,
) -> tuple[ImportCounts, list[ImportedItem[Named]]]:
    """Add what the database does not have, and leave what it has unchanged; returns where each thing is now.

    The known ones are not counted yet.

    `is_same` decides whether a thing is the one with an id, if they share an identifier other than the exporter's own:
    by what is `agreeing`;
    `check` may refuse (Unusable) a match that was found by the exporter's own id.
    """
    outcome, placed = ImportCounts(), list[ImportedItem[Named]]()
    for item in batch:
        with outcome.reporting(item.line):
            thing, is_known = item.content, known.has_own_id(item.content)
            row_id = known.matching_id(thing, partial(is_same, thing))
            is_matched = row_id is not None and not is_known
            if row_id is None:
                row_id = context.new_id()
                await add(context, row_id, thing)
                outcome.new += 1
            elif is_known:
                check(thing, row_id)
            else:
                outcome.match(item.line, known.identifier_of(thing, row_id), agreeing)
            outcome.note(item.line, map(others, known.left_out(thing, row_id)))
            known.link(thing, row_id)
            placed.append(ImportedItem(item, row_id, is_known, is_matched))
    await known.save(context)
    return outcome, placed


class HasName(Protocol):
    """Something with a name."""

    @property
    def name(self) -> str:
        """The name."""


async def by_name(context: BatchContext, noun: Noun, known: IdentifierIndex) -> Callable[[HasName, str], bool]:
    """Returns a check whether a thing has the same name as the row with an id."""
    names = await imports.names(context.pg, noun, known.ids)
    return lambda thing, row_id: row_id in names and are_same(thing.name, names[row_id])


def others(identifier: Identifier) -> str:
    """The report line for an identifier that stays with another thing than the one that has it in the export."""
    return f"its identifier of {shown(identifier)} belongs to another in the book: all but this identifier is there"
