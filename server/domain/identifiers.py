"""Identifiers that other systems give to people and things: (system, value)."""

from collections.abc import Collection

from server.domain.errors import DomainError, Reason

OURS = "urn:yoyaku:"
"""Systems with this prefix are our own, such as that of an import which does not name its exporter."""


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
