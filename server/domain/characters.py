"""Which characters a text may contain, and whether any of them is visible."""

import re
import unicodedata

# Control characters, line and paragraph separators, marks that change the direction of text (embeddings, overrides,
# isolates), invisible annotations and tags, and what PostgreSQL cannot store.
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]")
_LINES = {ord(character): None for character in "\t\n\r"}
_VISIBLE = frozenset("LNPS")
"""Categories of letters, numbers, punctuation and symbols."""
# Letters and symbols by category, but invisible: the Hangul fillers, and the Braille pattern without dots.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")


def flaw(text: str, *, lines: bool = False) -> str:
    """What is wrong with a text that is to be stored and shown, in words for its author; empty if nothing is.

    `lines` allows tabs and line breaks. An empty text has no flaw.
    """
    if text.isascii() and text.isprintable():
        return "" if not text or not text.isspace() else _NOTHING_TO_SEE
    if _FORBIDDEN.search(text.translate(_LINES) if lines else text):
        return _UNFIT_IN_LINES if lines else _UNFIT
    return "" if any(map(_is_visible, text)) else _NOTHING_TO_SEE


def escaped(text: str, *, lines: bool = False) -> str:
    r"""Text written by others, made safe to print: what a terminal would act on is shown as an escape, such as \x1b."""
    return _FORBIDDEN.sub(lambda found: found[0] if lines and ord(found[0]) in _LINES else _escape(found[0]), text)


_NOTHING_TO_SEE = "has no visible characters: write something, or leave it empty if it may be"
_UNFIT = "contains a line break, another control character or a mark that turns the direction of text: remove it"
_UNFIT_IN_LINES = "contains a control character or a mark that turns the direction of text: remove it"


def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] in _VISIBLE and character not in _BLANK


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
