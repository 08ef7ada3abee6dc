"""Etags: the version of an object as text, so that no change overwrites one that its sender has not seen."""

from server.domain.errors import DomainError, Reason


def etag_of(version: int) -> str:
    """The etag of a version."""
    return str(version)


def check_etag(version: int, etag: str) -> None:
    """Refuse a change that was based on another version (ETAG_MISMATCH); an empty etag matches every version.

    The form of an HTTP ETag header, W/"3", is accepted as well.
    """
    if etag and etag.removeprefix("W/").strip('"') != etag_of(version):
        raise DomainError(
            Reason.ETAG_MISMATCH,
            "it has changed since you read it: get it again, then decide",
            metadata={"etag": etag_of(version)},
        )
