"""Pages of a list: how many rows, from where on."""

import base64
import hashlib
import json
from collections.abc import Sequence

from server.domain.errors import DomainError, Reason

DEFAULT_SIZE = 20
MAX_ROWS_BY_PAGE = 1_000


def page_size(size: int) -> int:
    """Rows of a page; 0 asks for the default."""
    return size or DEFAULT_SIZE


def offset_of(page: int, size: int) -> int:
    """Rows before a numbered page (PAGE_TOO_DEEP past the first 1,000 rows)."""
    if (page + 1) * size > MAX_ROWS_BY_PAGE:
        raise DomainError(
            Reason.PAGE_TOO_DEEP,
            f"page reaches the first {MAX_ROWS_BY_PAGE} rows: go on with next_page_token as page_token",
            metadata={"max_rows": str(MAX_ROWS_BY_PAGE)},
        )
    return page * size


def encode(position: Sequence[str], query: object) -> str:
    """A page token: where a page ended, bound to the query that it was a page of."""
    return base64.urlsafe_b64encode(json.dumps([_digest(query), *position]).encode()).decode().rstrip("=")


def decode(token: str, query: object, length: int) -> list[str]:
    """Where the page before ended (PAGE_TOKEN_INVALID if the token is not one of this query)."""
    try:
        values = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except ValueError:
        values = None
    if not isinstance(values, list) or len(values) != length + 1 or values[0] != _digest(query):
        raise token_invalid()
    return [str(value) for value in values[1:]]


def token_invalid() -> DomainError:
    """PAGE_TOKEN_INVALID."""
    return DomainError(
        Reason.PAGE_TOKEN_INVALID,
        "page_token is none of this list with these filters: start again without it",
    )


def _digest(query: object) -> str:
    return hashlib.sha256(repr(query).encode()).hexdigest()[:16]
