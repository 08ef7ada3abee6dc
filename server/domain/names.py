"""Names of people and places, folded so that two spellings of one name compare as equal."""

import re
import unicodedata

from server.domain.characters import without_ignorable

# Letters that have no accent to remove, but that people write in plain letters too; \u0131 is the i without a dot.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "\u0131": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})
# The accents of Latin, Greek and Cyrillic, but not the voicing marks of kana: か and が are two different sounds.
_ACCENT = re.compile("[\u0300-\u036f]")
_APOSTROPHE = re.compile("['\u2018\u2019\u02bc\u0060\u00b4]")
_PART = re.compile(r"[^\W_]+(?:[\u3099\u309a])*")


def parts(name: str) -> tuple[str, ...]:
    """The parts of a name in their order, without width, case, accents, hyphens, apostrophes and what is invisible."""
    plain = unicodedata.normalize("NFKC", _APOSTROPHE.sub("", without_ignorable(name))).casefold().translate(_PLAIN)
    bare = _ACCENT.sub("", unicodedata.normalize("NFD", plain))
    return tuple(_PART.findall(unicodedata.normalize("NFC", bare)))


def folded(name: str) -> str:
    """A name to compare and search by: its parts in a fixed order, whichever was written first."""
    return " ".join(sorted(parts(name)))


def are_same(one: str, other: str) -> bool:
    """Whether two names are the same, in any order of their parts, or without a space, as in 佐藤 健 and 佐藤健."""
    first, second = parts(one), parts(other)
    return bool(first) and (sorted(first) == sorted(second) or "".join(first) == "".join(second))
