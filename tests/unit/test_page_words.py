"""The words of the pages: every word is used. That none is missing in a language is checked by types."""

import re
from pathlib import Path

import pytest

from server.edge.pages import PAGES

KEY = re.compile(r"^  (\w+):", re.MULTILINE)
FILES = sorted(PAGES.glob("**/words/en.js"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PAGES)))
def test_every_word_is_used_and_is_there_in_both_languages(file: Path) -> None:
    english, japanese = (set(KEY.findall(each.read_text())) for each in (file, file.with_name("ja.js")))
    assert english == japanese
    programs = [each.read_text() for each in PAGES.rglob("*.js") if each.parent.name != "words"]
    used = {name for program in programs for name in re.findall(r"\.(\w+)", program)}
    assert english - used == set()
