"""Which passwords may be chosen, and how one is normalized before it is hashed (RFC 8265, NIST SP 800-63B)."""

import unicodedata
from collections.abc import Iterable

from precis_i18n import get_profile

_LEAST = 12
_WEIGHED = 72
"""How many characters of a password are rated: the work grows with their square, and more never make one weaker."""
_LEAST_SCORE = 2
"""On zxcvbn's scale of 0 to 4: a lower score means that a million guesses find the password, common ones first."""
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

    `known` are texts that belong to the person, such as the email. Takes about 30 ms.
    """
    try:
        chosen = str(_OPAQUE.enforce(unicodedata.normalize("NFKC", password)))
    except UnicodeError:
        return "contains control characters, or others that not every keyboard sends alike: choose another"
    if len(chosen) < _LEAST:
        return f"must have at least {_LEAST} characters: a few words are fine"
    # Its word lists take 13 MB, which a worker needs only once somebody chooses a password there.
    from zxcvbn import zxcvbn  # noqa: PLC0415

    if zxcvbn(chosen[:_WEIGHED], user_inputs=[*known])["score"] < _LEAST_SCORE:
        return "is one of those that are tried first: choose a few words that do not belong together"
    return ""
