"""Codes that people type: of authenticator apps, of mails and messages, of displays, and recovery codes."""

import re
import unicodedata

from server.domain.errors import invalid

_DIGITS = re.compile(r"[0-9]{6}")
_BETWEEN = re.compile(r"[\W_]", re.ASCII)


def code_of(typed: str) -> str:
    """A code however it was typed: in full width, with spaces or dashes. Its case stays.

    The pages have the same rule (`codeOf` in clients/web/shared/form.js).
    """
    return _BETWEEN.sub("", unicodedata.normalize("NFKC", typed))


def six_digits(field: str, typed: str) -> str:
    """The code of a field that must be six digits, however they were typed (INVALID_REQUEST)."""
    found = code_of(typed)
    if not is_six_digits(found):
        raise invalid(field, "must be the six digits that were sent, or that the app shows")
    return found


def is_six_digits(code: str) -> bool:
    """Whether a code is six digits: of an app rather than a recovery code."""
    return _DIGITS.fullmatch(code) is not None
