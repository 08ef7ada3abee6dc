"""The database folds names as the server does, and finds patients by an index."""

import sys
import unicodedata

import psycopg
import pytest

from server.domain.people.names import parts

_STORABLE = [chr(code) for code in range(1, sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]
_PER_NAME = 40


@pytest.fixture
def letters() -> list[str]:
    """Every character that this Unicode has, between letters."""
    known = [each for each in _STORABLE if unicodedata.category(each) not in {"Cn", "Co"}]
    return ["A" + "b ".join(known[start : start + _PER_NAME]) + "c" for start in range(0, len(known), _PER_NAME)]


def test_the_database_folds_every_character_as_the_server_does(database_url: str, letters: list[str]) -> None:
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT name, name_parts(name) FROM unnest(%s::text[]) AS name", [[*letters, "ΟΔΥΣΣΕΥΣ Σ", "İI ıi"]]
        )
        differing = {name: (found, parts(name)) for name, found in rows if tuple(found) != parts(name)}
    assert differing == {}
