"""Reasons that people must give for what is recorded: of a change elsewhere, of an override, of breaking the glass."""

import unicodedata

from server.domain.errors import invalid

_LEAST_LETTERS = 3
_IDEOGRAPHIC = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL")
"""The first words of the names of letters of which two can be a whole reason, such as 転居."""


def says_something(reason: str) -> bool:
    """Whether a text can be a reason: three letters, or two of Chinese, Japanese or Korean, not all the same."""
    # Without accents, so that á and à are one letter.
    bare = "".join(each for each in unicodedata.normalize("NFKD", reason) if not unicodedata.combining(each))
    letters = [each for each in unicodedata.normalize("NFC", bare).casefold() if each.isalpha()]
    weight = sum(1.5 if unicodedata.name(each, "").startswith(_IDEOGRAPHIC) else 1 for each in letters)
    return weight >= _LEAST_LETTERS and len(set(letters)) > 1


def check_reason(field: str, reason: str) -> None:
    """Refuse a reason that says nothing (INVALID_REQUEST for the field)."""
    if not says_something(reason):
        raise invalid(field, "does not say why: write the reason in words, for those who read it later")
