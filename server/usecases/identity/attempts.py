"""Rate limits in the token store, and the error that callers get when it is unreachable."""

import hashlib
import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from db.errors import StateError
from db.valkey import attempts
from db.valkey.client import Valkey
from server.domain.errors import DomainError, Reason

PERIOD = timedelta(minutes=1)
_MILLISECONDS = PERIOD // timedelta(milliseconds=1)


class Attempts:
    """Limits how often something may be tried per minute, over all workers."""

    def __init__(self, store: Valkey) -> None:
        self._store = store

    async def admit(self, what: str, whose: str, most: int) -> None:
        """Count an attempt (TOO_MANY_ATTEMPTS after `most` in a minute, TOKEN_STORE_UNAVAILABLE).

        `whose` is an address or an email, of which only a digest is stored; nothing is counted if it is empty.
        """
        if not whose:
            return
        made, milliseconds = await self._count(what, whose)
        if made > most:
            seconds = max(1, math.ceil(milliseconds / 1000))
            raise DomainError(
                Reason.TOO_MANY_ATTEMPTS,
                f"too many attempts within a minute: try again in {seconds} s",
                retry_after=timedelta(seconds=seconds),
            )

    async def note(self, what: str, whose: str) -> None:
        """Count without refusing, if `whose` is not empty (TOKEN_STORE_UNAVAILABLE)."""
        if whose:
            await self._count(what, whose)

    async def noted(self, what: str, whose: str) -> int:
        """The count of the current minute (TOKEN_STORE_UNAVAILABLE)."""
        with reached():
            return await attempts.made(self._store, _key(what, whose), _MILLISECONDS) if whose else 0

    async def _count(self, what: str, whose: str) -> tuple[int, int]:
        with reached():
            return await attempts.count(self._store, _key(what, whose), _MILLISECONDS)


def _key(what: str, whose: str) -> str:
    return f"attempts:1:{what}:{hashlib.sha256(whose.encode()).hexdigest()[:32]}"


@contextmanager
def reached() -> Iterator[None]:
    """Turn failures to reach the token store into TOKEN_STORE_UNAVAILABLE."""
    try:
        yield
    except StateError:
        raise DomainError(
            Reason.TOKEN_STORE_UNAVAILABLE,
            "signing in and refreshing are unavailable right now; access tokens still work: try again in a few seconds",
            retry_after=timedelta(seconds=2),
        ) from None
