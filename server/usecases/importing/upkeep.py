"""What an import owns: what it wrote, until somebody changes it here.

A later run takes over what has changed at the exporter since. Of each resource there are digests of what it said last,
field by field; they show what is news, and whether the book still says what the import wrote.

    last    now     book
    A       A       any    no news: whatever the book says stays
    A       B       A      the book gets B
    A       B       C      changed at both ends: C stays, and that is reported

What the book had from elsewhere, and a resource was matched with, belongs to the book: it stays as in the last line.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple

from db.postgres import imported_resources
from db.postgres.imported_resources import ImportedRow
from server.fhir.fields import Identifier
from server.usecases.importing.batches import BatchContext, HasIdentifiers, ImportCounts, ImportedItem, Named

Fields = Mapping[str, object]
_DIGITS = 16
_MATCHED = "is matched"
"""Remembered in the place of a field of what the book had from elsewhere: no import wrote it."""
CHANGED_HERE = (
    "it has changed, but was changed in the book too since the last import: it stays as it is there; change it there if"
    " the export is right"
)


class Current(NamedTuple):
    """What the book says of something now."""

    fields: Fields
    untouched: bool
    """Whether nobody has changed it since it was added."""


class Difference(NamedTuple):
    """What to do about the news of a resource."""

    taken: Fields
    """The new values to store."""
    kept: Sequence[str]
    """The fields that changed at both ends and stay."""


class LastImport:
    """What earlier runs read of the resources of a batch, and what this one reads."""

    def __init__(self, context: BatchContext, rows: Sequence[ImportedRow]) -> None:
        self._context = context
        self._last = {Identifier(row.system, row.value): row for row in rows}
        self._new: dict[Identifier, ImportedRow] = {}

    @staticmethod
    async def load(
        context: BatchContext, things: Sequence[HasIdentifiers], others: Iterable[Identifier] = ()
    ) -> "LastImport":
        """Look up what is remembered of the resources, and of others by the exporter's own ids."""
        named = {*(thing.identifiers[0] for thing in things), *others}
        return LastImport(context, await imported_resources.load(context.pg, named))

    def has_news(self, thing: HasIdentifiers, fields: Fields, *, if_unknown: bool = True) -> bool:
        """Whether a resource says something else than the last time; `if_unknown` if nothing is remembered of it."""
        last = self._last.get(thing.identifiers[0])
        if last is None:
            return if_unknown
        return {field: digest for field, digest in last.digests.items() if field != _MATCHED} != self._digests(fields)

    def version(self, own: Identifier) -> int:
        """The version that an import wrote last; those of earlier releases wrote the first and no other."""
        last = self._last.get(own)
        return last.version if last and last.version else 1

    def compare(self, thing: HasIdentifiers, fields: Fields, current: Current) -> Difference:
        """What of the news can be stored, and what was changed here too."""
        last = self._last.get(thing.identifiers[0])
        taken, kept = dict[str, object](), list[str]()
        for field, value in fields.items():
            ours = current.fields[field]
            spellings = {ours, _as_read_now(field, ours)}
            was = last.digests.get(field) if last else None
            is_news = value not in spellings and was != self._digest(field, value)
            # Nothing is known of what earlier releases wrote: they kept no digests.
            is_as_imported = (
                was in {self._digest(field, each) for each in spellings} if was else current.untouched or ours is False
            )
            if is_news and is_as_imported and not self._is_matched(thing):
                taken[field] = value
            elif is_news:
                kept.append(field)
        return Difference(taken, kept)

    def note(
        self, thing: HasIdentifiers, fields: Fields, version: int | None = None, *, is_matched: bool = False
    ) -> None:
        """Remember what a resource says, the version that was written of it, and whether the book had it already."""
        own, digests = thing.identifiers[0], self._digests(fields)
        if is_matched or self._is_matched(thing):
            digests[_MATCHED] = "yes"
        row = ImportedRow(own.system, own.value, digests, version)
        if row != self._last.get(own):
            self._new[own] = row

    def _is_matched(self, thing: HasIdentifiers) -> bool:
        last = self._last.get(thing.identifiers[0])
        return last is not None and _MATCHED in last.digests

    def remember(self, thing: HasIdentifiers, fields: Fields) -> None:
        """Remember what a resource says that an earlier release imported."""
        if thing.identifiers[0] not in self._last:
            self.note(thing, fields, 1)

    async def save(self) -> None:
        """Store what was noted."""
        if self._new:
            await imported_resources.put(self._context.pg, list(self._new.values()))

    def _digests(self, fields: Fields) -> dict[str, str]:
        return {field: self._digest(field, value) for field, value in fields.items()}

    def _digest(self, field: str, value: object) -> str:
        # Keyed, because who reads a plain digest can guess a birth date.
        return self._context.cipher.blinded(f"{field} {value!r}".encode()).hex()[:_DIGITS]


@dataclass(frozen=True, slots=True)
class UpdateRules(Generic[Named]):
    """How things of one kind are kept up to date."""

    fields_of: Callable[[Named], Fields]
    """What a resource says."""
    current: Callable[[BatchContext, Sequence[str]], Awaitable[Mapping[str, Current]]]
    """What the book says of some ids; locks them, in their order."""
    store: Callable[[BatchContext, str, Fields], Awaitable[None]]
    """Changes some fields of what has an id."""


async def keep_up(
    context: BatchContext, rules: UpdateRules[Named], placed: Sequence[ImportedItem[Named]], outcome: ImportCounts
) -> None:
    """Adopt what is new in the resources of a batch, and remember what all of them say."""
    last_import = await LastImport.load(context, [each.item.content for each in placed])
    fields = [rules.fields_of(each.item.content) for each in placed]
    news = [
        each.is_known and last_import.has_news(each.item.content, says)
        for each, says in zip(placed, fields, strict=True)
    ]
    ids = sorted({each.row_id for each, is_news in zip(placed, news, strict=True) if is_news})
    current = dict(await rules.current(context, ids)) if ids else {}
    for each, says, is_news in zip(placed, fields, news, strict=True):
        taken: Fields = {}
        if is_news:
            now = current[each.row_id]
            taken, kept = last_import.compare(each.item.content, says, now)
            outcome.note(each.item.line, map(_changed_here, kept))
            current[each.row_id] = Current({**now.fields, **taken}, now.untouched)
        if taken:
            await rules.store(context, each.row_id, taken)
        outcome.changed += bool(taken)
        outcome.unchanged += each.is_known and not taken
        last_import.note(each.item.content, says, is_matched=each.is_matched)
    await last_import.save()


def _as_read_now(field: str, ours: object) -> object:
    """What the book says, as an import reads it now: earlier releases kept addresses in any case."""
    return ours.lower() if field == "email" and isinstance(ours, str) else ours


def _changed_here(field: str) -> str:
    return (
        f"its {field.replace('_', ' ')} has changed, but was changed in the book too since the last import: it stays as"
        " it is there; change it there if the export is right"
    )
