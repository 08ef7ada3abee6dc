"""Etags: the version of an object as text, so that no change overwrites one that its sender has not seen."""

import re

from server.domain.errors import DomainError, Reason, invalid

# Weak or strong: the tags of this system are version numbers, for which all forms mean the same.
_FORMS = re.compile(r'(?:W/)?"([^"/,*\s]{1,100})"|([^"/,*\s]{1,100})')
_ADVICE = 'send the one etag that you have seen, as you got it, such as 3 or W/"3"'


def etag_of(version: int) -> str:
    """The etag of a version."""
    return str(version)


def tag_in(field: str, text: str) -> str:
    """The tag in an etag as the contract has it (`3`) or as HTTP has it (`"3"`, `W/"3"`); else INVALID_REQUEST."""
    form = _FORMS.fullmatch(text.strip())
    if form is None:
        raise invalid(field, _ADVICE)
    return form[1] or form[2]


def check_etag(version: int, etag: str) -> None:
    """Refuse a change that was based on another version; an empty etag matches every version.

    Raises ETAG_MISMATCH, and INVALID_REQUEST for what is no etag.
    """
    if etag and tag_in("etag", etag) != etag_of(version):
        raise DomainError(
            Reason.ETAG_MISMATCH,
            "it has changed since you read it: get it again, then decide",
            metadata={"etag": etag_of(version)},
        )
