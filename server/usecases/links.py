"""The links that messages carry."""

from server.domain.errors import DomainError, Reason


def link_invalid() -> DomainError:
    """LINK_INVALID, which does not say why."""
    return DomainError(
        Reason.LINK_INVALID,
        "this link no longer works: use the one in the newest message, or call the clinic",
    )
