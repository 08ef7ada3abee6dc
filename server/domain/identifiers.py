"""Identifiers that other systems give to people and things: (system, value)."""

import re
from collections.abc import Collection

from server.domain.errors import DomainError, Reason

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


def is_ours(system: str) -> bool:
    """Whether a system is one of ours, regardless of case and of spaces around it."""
    return system.strip().casefold().startswith(OURS)


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
