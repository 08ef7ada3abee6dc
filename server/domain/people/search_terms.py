"""What patients are searched for by, as terms that the database keeps of each: of names, birth dates and phone numbers.

server.usecases.directory.patients      a search: its name, birth date and phone number
this module                             its terms, with names folded by server.domain.people.names
db.postgres.directory.patients          the patients with words that begin with those terms
db.postgres.tables.search_functions     the words of each patient, with names folded by the same rules

The two sets of rules must stay the same.
"""

from collections.abc import Sequence

from server.domain.people.names import parts

MOST_MATCHES = 20_000
"""A search that more patients match is refused: sorting them would take too long."""
LEAST_DIGITS, MOST_DIGITS = 4, 15
"""Of a phone number."""
LONGEST_TERM = 40
"""So many letters of a part of a name decide."""
MOST_PARTS = 6
"""So many parts of a name decide, the longest ones."""
_NATIONAL = 8
"""From so many digits on, a 0 at the front may be the one that stands for the country code."""

Terms = Sequence[Sequence[str]]
"""All of the outer, any of the inner."""


def by_name(name: str) -> Terms:
    """Each part is somewhere in the name or its reading, at the start of a word; or all of them are, as one word.

    People write both O'Brien and O Brien. Empty if nothing in the name can be searched for.
    """
    found = parts(name)
    longest = sorted({part[:LONGEST_TERM] for part in found}, key=lambda part: (-len(part), part))[:MOST_PARTS]
    whole = "".join(found)[:LONGEST_TERM]
    return [sorted({part, whole}) for part in longest]


def by_birth_date(date: str) -> Terms:
    """Born on a day, in a month or in a year; also those of whom no more than that month or year is known."""
    elements = date.split("-")
    *coarser, exact = ("#" + "".join(elements[: 1 + last]) for last in range(len(elements)))
    return [[exact, *(f"{each}." for each in coarser)]]


def by_phone(digits: str) -> Terms:
    """Whose phone number ends in these digits."""
    endings = {digits, digits.removeprefix("0")} if len(digits) >= _NATIONAL else {digits}
    return [[f"+{ending[::-1]}" for ending in sorted(endings)]]
