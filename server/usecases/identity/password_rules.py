"""Which passwords may be chosen, and how one is normalized before it is hashed (RFC 8265, NIST SP 800-63B)."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from precis_i18n import get_profile

from server.domain.people.names import parts

_LEAST = 12
_WEIGHED = 72
"""How many characters of a password are rated: the work grows with their square, and more never make one weaker."""
_LEAST_GUESSES = 10**10
"""By zxcvbn's estimate. Three words that do not belong together take more; a common word and a year take fewer."""
_LEAST_GUESSES_OF_REST = 10**9
"""The same for what is left of a password without the words that everybody tries first here."""
_TRIED_FIRST = (
    *("spring", "summer", "autumn", "fall", "winter", "haru", "natsu", "aki", "fuyu", "春", "夏", "秋", "冬"),
    *("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november"),
    *("december", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "月曜", "金曜"),
    *("yoyaku", "予約", "hospital", "clinic", "byoin", "病院", "doctor", "nurse", "patient", "staff", "admin"),
    *("welcome", "password", "login", "secret"),
)
_LEET = (str.maketrans("013457@$!", "oleastasi"), str.maketrans("013457@$!", "oieastasi"))
"""Digits and symbols in place of letters, one for one."""
_LEAST_LETTERS = 3
_OPAQUE = get_profile("OpaqueString")


def spelt(password: str) -> str:
    """A password in the normal form that is hashed, however the keyboard composes its letters and widths.

    A password that could not have been chosen is returned unchanged.
    """
    try:
        return str(_OPAQUE.enforce(unicodedata.normalize("NFKC", password)))
    except UnicodeError:
        return password


def problem_of(password: str, known: Iterable[str]) -> str:
    """Why a password cannot be chosen, in words for the user; empty if it can.

    `known` are texts that belong to the person, such as the email, the name and the clinics. Takes about 30 ms, and
    twice that if the password contains one of their words, or another that is tried first.
    """
    try:
        chosen = str(_OPAQUE.enforce(unicodedata.normalize("NFKC", password)))
    except UnicodeError:
        return "contains characters that not every keyboard can type in the same way: choose another password"
    if len(chosen) < _LEAST:
        return f"must have at least {_LEAST} characters: a few words are fine"
    # Its word lists take 13 MB, which a worker needs only once somebody chooses a password there.
    from zxcvbn import zxcvbn  # noqa: PLC0415

    words = [*known, *_words_of(known), *_TRIED_FIRST]
    folded = chosen.casefold()[:_WEIGHED]
    rest = _without(words, folded)

    def takes(text: str, guesses: int) -> bool:
        return bool(text) and zxcvbn(text, user_inputs=words)["guesses"] >= guesses

    if takes(chosen[:_WEIGHED], _LEAST_GUESSES) and (rest == folded or takes(rest, _LEAST_GUESSES_OF_REST)):
        return ""
    return (
        "is easy to guess, as are a season, a name or a clinic with a year: choose at least three words that do not"
        " belong together"
    )


def _words_of(known: Iterable[str]) -> Sequence[str]:
    """The parts of emails and names; short ones are in too many words."""
    found = (part for text in known for part in parts(text))
    return [part for part in found if len(part) >= _LEAST_LETTERS or (len(part) > 1 and not part.isascii())]


def _without(words: Iterable[str], password: str) -> str:
    """What is left of a password without some words, also if digits and symbols stand for their letters."""
    pattern = re.compile("|".join(re.escape(each.casefold()) for each in sorted(words, key=len, reverse=True)))
    written = (password, *(password.translate(letters) for letters in _LEET))
    gone = {place for text in written for found in pattern.finditer(text) for place in range(*found.span())}
    return "".join(character for place, character in enumerate(password) if place not in gone)
