"""Etags: the version of an object as text, so that a change builds on what its sender has seen."""

from server.domain.errors import DomainError, Reason


def etag_of(version: int) -> str:
    """The etag of a version."""
    return str(version)


def check_etag(version: int, etag: str) -> None:
    """Refuse a change that was decided on an older version (ETAG_MISMATCH); an empty etag matches all.

    The form of an HTTP ETag header, W/"3", is accepted as well.
    """
    if etag and etag.removeprefix("W/").strip('"') != etag_of(version):
        raise DomainError(
            Reason.ETAG_MISMATCH,
            "it has changed since you read it: get it again, then decide",
            metadata={"etag": etag_of(version)},
        )
