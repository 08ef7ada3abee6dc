"""Names of people and places, folded so that two spellings of one name compare as equal.

`server.domain.people.search_terms` shows how a search for a patient uses this.
"""

import re
import unicodedata

from server.domain.people.characters import without_ignorable

# Letters that have no accent to remove, but that people write in plain letters too; \u0131 is the i without a dot.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "\u0131": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})
# The accents of Latin, Greek and Cyrillic, but not the voicing marks of kana: か and が are two different sounds.
_ACCENT = re.compile("[\u0300-\u036f]")
_APOSTROPHE = re.compile("['\u0060\u00b4\u02bb\u02bc\u2018\u2019\uff07\uff40]")
# Spaces, hyphens and other punctuation, as they are once NFKC has made them plain.
_BETWEEN = re.compile(
    r"[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u00d7\u00f7\u058a\u05be\u05f3\u05f4\u060c\u1680"
    r"\u2000-\u206f\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020\u3030\u303d\u30a0\u30fb\ufe10-\ufe1f\ufe30-\ufe6f]+"
)
_HIRAGANA = {katakana: katakana - 0x60 for katakana in range(0x30A1, 0x30F7)}


def parts(name: str) -> tuple[str, ...]:
    """The parts of a name in their order, without width, case, accents, hyphens, apostrophes and what is invisible.

    Katakana become hiragana. The database has the same rules (`db.postgres.tables.search_functions`).
    """
    plain = unicodedata.normalize("NFKC", _APOSTROPHE.sub("", without_ignorable(name))).casefold().translate(_PLAIN)
    bare = _ACCENT.sub("", unicodedata.normalize("NFD", plain))
    return tuple(filter(None, _BETWEEN.split(unicodedata.normalize("NFC", bare).translate(_HIRAGANA))))


def are_same(one: str, other: str) -> bool:
    """Whether two names are the same, in any order of their parts, or without a space, as in 佐藤 健 and 佐藤健."""
    first, second = parts(one), parts(other)
    return bool(first) and (sorted(first) == sorted(second) or "".join(first) == "".join(second))
