"""Pages of a list: how many rows, and where they start."""

import base64
import hashlib
import uuid
from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache
from typing import Protocol, TypeVar

from server.domain.errors import DomainError, Reason

DEFAULT_SIZE = 20
MAX_ROWS_BY_PAGE = 1_000
_BEFORE_ALL = str(uuid.UUID(int=0))
_AFTER_ALL = 2**31 - 1
_LARGEST = 2**63 - 1


class HasId(Protocol):
    """A row with a unique id."""

    @property
    def id(self) -> str:
        """UUID."""


R = TypeVar("R", bound=HasId)
N = TypeVar("N")


def page_size(size: int) -> int:
    """The number of rows in a page; 0 asks for the default."""
    return size or DEFAULT_SIZE


def offset_of(page: int, size: int) -> int:
    """The number of rows before a numbered page (PAGE_TOO_DEEP past the first 1,000 rows)."""
    if (page + 1) * size > MAX_ROWS_BY_PAGE:
        raise DomainError(
            Reason.PAGE_TOO_DEEP,
            f"page only reaches the first {MAX_ROWS_BY_PAGE} rows: continue with next_page_token as page_token",
            metadata={"max_rows": str(MAX_ROWS_BY_PAGE)},
        )
    return page * size


def encode(position: Sequence[str], query: Hashable) -> str:
    """A page token: where a page ended (dates, ids and numbers, without commas), bound to the query of that page."""
    return base64.urlsafe_b64encode(",".join((_digest(query), *position)).encode()).decode().rstrip("=")


def decode(token: str, query: Hashable, length: int) -> list[str]:
    """Where the previous page ended (PAGE_TOKEN_INVALID if the token belongs to another query)."""
    try:
        digest, *position = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode().split(",")
    except ValueError:
        raise token_invalid() from None
    if digest != _digest(query) or len(position) != length:
        raise token_invalid()
    return position


def cut(rows: Sequence[R], size: int, query: Hashable) -> tuple[Sequence[R], str]:
    """The page from the `size` + 1 rows that were queried, and the token of the next page, empty if there is none.

    The token contains only an id: the sort key may be somebody's name.
    """
    return (rows[:size], encode([rows[size - 1].id], query)) if len(rows) > size else (rows, "")


def after_id(token: str, query: Hashable) -> str:
    """The last id of the previous page, or the nil UUID without a token (PAGE_TOKEN_INVALID)."""
    if not token:
        return _BEFORE_ALL
    [last] = decode(token, query, 1)
    try:
        return str(uuid.UUID(last))
    except ValueError:
        raise token_invalid() from None


def before_number(token: str, query: Hashable) -> int:
    """The last number of the previous page, or without a token one above all others (PAGE_TOKEN_INVALID)."""
    if not token:
        return _AFTER_ALL
    [last] = decode(token, query, 1)
    if not last.isdecimal() or int(last) > _AFTER_ALL:
        raise token_invalid()
    return int(last)


def after_number(token: str, query: Hashable) -> int:
    """The last number of the previous page, or 0 without a token (PAGE_TOKEN_INVALID)."""
    if not token:
        return 0
    [last] = decode(token, query, 1)
    if not last.isdecimal() or int(last) > _LARGEST:
        raise token_invalid()
    return int(last)


def cut_numbered(rows: Sequence[N], size: int, query: Hashable, number: Callable[[N], int]) -> tuple[Sequence[N], str]:
    """As `cut`, for rows with a unique number."""
    return (rows[:size], encode([str(number(rows[size - 1]))], query)) if len(rows) > size else (rows, "")


def token_invalid() -> DomainError:
    """PAGE_TOKEN_INVALID."""
    return DomainError(
        Reason.PAGE_TOKEN_INVALID,
        "page_token does not belong to this list and these filters: start again without it",
    )


@lru_cache(maxsize=1_000)
def _digest(query: Hashable) -> str:
    return hashlib.sha256(repr(query).encode()).hexdigest()[:16]
