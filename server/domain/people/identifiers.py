"""Identifiers that other systems give to people and things: (system, value)."""

import re
import unicodedata
from collections.abc import Collection

from server.domain.errors import DomainError, Reason
from server.domain.people.characters import without_ignorable

OURS = "urn:yoyaku:"
"""Systems with this prefix are our own, such as that of an import which does not name its exporter."""


_NO_NUMBER = re.compile(r"[\W_]+")
_PLACEHOLDERS = frozenset(
    {"unknown", "unk", "none", "null", "nil", "na", "nan", "notavailable", "notapplicable", "notknown", "missing"}
    | {"pending", "temp", "temporary", "test", "tbd", "todo", "dummy", "anonymous", "不明", "未登録", "なし"}
    | {"123456789", "1234567890", "0123456789"}
)
_MANY = 7
"""So many times the same letter or digit is nobody's number."""


def is_placeholder(value: str) -> bool:
    """Whether a value stands for no number at all, such as 0000000000, 999-99-9999 or `unknown`."""
    bare = _NO_NUMBER.sub("", value).casefold()
    if bare in _PLACEHOLDERS or not bare:
        return True
    return len(set(bare)) == 1 and (bare[0] == "0" or len(bare) >= _MANY or bare[0] == "x")


LONGEST = 200
"""Of a system or a value, in characters."""


def value_of(written: str) -> str:
    """A value in the one form that is stored and compared: no spaces around it, nothing invisible, and NFKC."""
    return unicodedata.normalize("NFKC", without_ignorable(written)).strip()


def system_of(written: str) -> str:
    """The URI of a system in the same form; what has no case in URIs is in lower case (RFC 3986, RFC 8141)."""
    uri = value_of(written)
    scheme, colon, rest = uri.partition(":")
    if not colon:
        return uri
    if scheme.lower() == "urn":
        namespace, separator, name = rest.partition(":")
        return f"urn:{namespace.lower()}{separator}{name}"
    if rest.startswith("//"):
        host, slash, path = rest[2:].partition("/")
        rest = f"//{host.lower()}{slash}{path}"
    return f"{scheme.lower()}:{rest}"


def is_ours(system: str) -> bool:
    """Whether a system is one of ours, regardless of case."""
    return system_of(system).casefold().startswith(OURS)


def check_unreserved(systems: Collection[str], reserved: Collection[str]) -> None:
    """Refuse to write identifiers of our own systems and of reserved ones (IDENTIFIER_RESERVED)."""
    for system in systems:
        if is_ours(system) or system in reserved:
            raise is_reserved(system)


def is_reserved(system: str) -> DomainError:
    """IDENTIFIER_RESERVED, for an identifier that only imports may write."""
    return DomainError(
        Reason.IDENTIFIER_RESERVED,
        "identifiers of this system are written by imports only: leave them as they are",
        metadata={"system": system},
    )
