"""Names of people, as FHIR writes them: several, each with a use, a period and perhaps a way of writing."""

import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from server import person_rules
from server.fhir.extensions import WRITING
from server.fhir.fields import Json, Unusable, has_ended, items, name, text

# Names of the past come last.
_USES = ("official", "usual", "", "temp", "nickname", "anonymous", "old", "maiden")

_SYLLABIC, _IDEOGRAPHIC = "SYL", "IDE"


class Names(NamedTuple):
    """What a person is called."""

    name: str
    reading: str
    """In kana; empty if unknown."""
    all: Sequence[str]
    """Every fit name that there is, those of the past included."""


def names_of(value: object, now: datetime) -> Names:
    """The names of a person: the official one, else another one, and its reading (Unusable if there is none)."""
    given = sorted((each for each in items(value) if _written(each)), key=lambda each: _order(each, now))
    if not given:
        raise Unusable("name is missing")
    first, *others = given
    found = name(_written(first), person_rules.person)
    every = [found, *_fit(others)]
    reading = next(iter(_fit([each for each in given if _is_reading(each) and not has_ended(each, now)])), "")
    return Names(found, "" if reading == found else reading, every)


def _fit(names: Sequence[Json]) -> list[str]:
    found = []
    for each in names:
        with suppress(Unusable):
            found.append(name(_written(each), person_rules.person))
    return found


def _order(human_name: Json, now: datetime) -> tuple[bool, bool, int, bool]:
    use = text(human_name.get("use"))
    rank = _USES.index(use) if use in _USES else len(_USES)
    return has_ended(human_name, now), _is_reading(human_name), rank, _writing(human_name) != _IDEOGRAPHIC


def _writing(human_name: Json) -> str:
    extensions = items(human_name.get("extension"))
    return next((text(each.get("valueCode")) for each in extensions if each.get("url") == WRITING), "")


def _is_reading(human_name: Json) -> bool:
    if writing := _writing(human_name):
        return writing == _SYLLABIC
    letters = [letter for letter in unicodedata.normalize("NFKC", _written(human_name)) if letter.isalpha()]
    return bool(letters) and all("\u3040" <= letter <= "\u30ff" for letter in letters)


def _written(human_name: Json) -> str:
    """A name as it is written, else its parts, the family first where it is Japanese; forms of address are left out."""
    if whole := text(human_name.get("text")):
        return whole
    given, family, suffixes = _joined(human_name.get("given")), text(human_name.get("family")), human_name.get("suffix")
    parts = [family, given] if any("\u3040" <= letter <= "\u9fff" for letter in family) else [given, family]
    return " ".join(filter(None, [*parts, _joined(suffixes)]))


def _joined(value: object) -> str:
    return " ".join(filter(None, map(text, value))) if isinstance(value, list) else ""
