"""Which characters a text and a name may contain, and whether any of them is visible."""

import re
import unicodedata

# Control characters, line and paragraph separators, marks that change the direction of text (embeddings, overrides,
# isolates), invisible annotations and tags, and what PostgreSQL cannot store.
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]")
_LINES = {ord(character): None for character in "\t\n\r"}
_VISIBLE = frozenset("LNPS")
"""Categories of letters, numbers, punctuation and symbols."""
# Letters and symbols by category, but invisible: the Braille pattern without dots, the musical note without a head, and
# blank hieroglyphs.
_BLANK = frozenset("\u2800\U0001d159\U00013441\U00013442")
_IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""What Unicode calls Default_Ignorable_Code_Point: invisible, whatever its category. The database has the same list."""
_JOINERS = frozenset("\u200c\u200d")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_MONGOLIAN_SELECTORS = frozenset("\u180b\u180c\u180d\u180f")
_VIRAMA = 9
"""The combining class of the sign after which a joiner chooses between two shapes of an Indic letter."""
_APOSTROPHES = frozenset("\u0060\u00b4")
"""Symbols by category that people write as apostrophes."""


def flaw(text: str, *, lines: bool = False) -> str:
    """What is wrong with a text that is to be stored and shown, in words for its author; empty if nothing is.

    `lines` allows tabs and line breaks. An empty text has no flaw.
    """
    if text.isascii() and text.isprintable():
        return "" if not text or not text.isspace() else _NOTHING_TO_SEE
    if _FORBIDDEN.search(text.translate(_LINES) if lines else text):
        return _UNFIT_IN_LINES if lines else _UNFIT
    return "" if any(map(_is_visible, text)) else _NOTHING_TO_SEE


def name_flaw(name: str, *, of_person: bool) -> str:
    """What is wrong with a name, besides what `flaw` says, in words for its author; empty if nothing is.

    Two names that look alike must be alike, so a name holds no invisible characters but those that choose the shape of
    their neighbour. That of a person consists of letters, marks, digits, punctuation and spaces, and has a letter.
    """
    for place, character in enumerate(name):
        if _IGNORABLE.match(character) and not _shapes(name, place):
            return f"contains an invisible character ({_code_point(character)}): remove it"
        if of_person and not _is_of_names(character):
            return f"contains a character that names of people do not have ({_code_point(character)}): remove it"
    return "" if not of_person or any(map(_is_letter, name)) else "has no letters: write the name"


def without_ignorable(text: str) -> str:
    """A text without the characters that nobody sees, to compare it by."""
    return _IGNORABLE.sub("", text)


def escaped(text: str, *, lines: bool = False) -> str:
    r"""Text written by others, made safe to print: what a terminal would act on is shown as an escape, such as \x1b."""
    return _FORBIDDEN.sub(lambda found: found[0] if lines and ord(found[0]) in _LINES else _escape(found[0]), text)


_NOTHING_TO_SEE = "has no visible characters: write something, or leave it empty if it may be"
_UNFIT = "contains a line break, another control character or a mark that changes the direction of text: remove it"
_UNFIT_IN_LINES = "contains a control character or a mark that changes the direction of text: remove it"


def _is_visible(character: str) -> bool:
    blank = character in _BLANK or _IGNORABLE.match(character)
    return not blank and unicodedata.category(character)[0] in _VISIBLE


def _is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] == "L" and _is_visible(character)


def _is_of_names(character: str) -> bool:
    category = unicodedata.category(character)
    kept = category[0] in "LMNP" or category == "Zs" or character in _APOSTROPHES or _IGNORABLE.match(character)
    return bool(kept) and character not in _BLANK


def _shapes(name: str, place: int) -> bool:
    """Whether an invisible character is one that chooses the shape of the letters beside it."""
    character, before, after = name[place], name[:place][-1:], name[place + 1 :][:1]
    if not before:
        return False
    if character in _JOINERS:
        indic = _VIRAMA in {unicodedata.combining(each) for each in (before, after) if each}
        return indic or (_is_arabic(before) and _is_arabic(after))
    if _SELECTORS.match(character):
        return unicodedata.name(before, "").startswith("CJK ")
    return character in _MONGOLIAN_SELECTORS and unicodedata.name(before, "").startswith("MONGOLIAN ")


def _is_arabic(character: str) -> bool:
    """Whether it is a letter, or a mark on one, of Arabic and other scripts whose letters join."""
    return bool(character) and unicodedata.bidirectional(character) in {"AL", "NSM"}


def _code_point(character: str) -> str:
    return f"U+{ord(character):04X}"


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
