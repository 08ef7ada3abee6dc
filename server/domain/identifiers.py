"""Names that other systems give to people and things: (system, value)."""

from collections.abc import Collection

from server.domain.errors import DomainError, Reason

OURS = "urn:yoyaku:"
"""Systems that begin like this are our own: of imports without a name for their exporter, for one."""


def is_ours(system: str) -> bool:
    """Whether a system is one of ours, whoever asks and however it is written."""
    return system.strip().casefold().startswith(OURS)


def check_unreserved(systems: Collection[str], reserved: Collection[str]) -> None:
    """Refuse to write identifiers of our own systems and of reserved ones (IDENTIFIER_RESERVED)."""
    for system in systems:
        if is_ours(system) or system in reserved:
            raise is_reserved(system)


def is_reserved(system: str) -> DomainError:
    """The refusal of an identifier that only imports write."""
    return DomainError(
        Reason.IDENTIFIER_RESERVED,
        "identifiers of this system are written by imports only: leave them as they are",
        metadata={"system": system},
    )
