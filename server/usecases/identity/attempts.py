"""Rate limits in the token store, and the error that callers get when it is unreachable."""

import asyncio
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
_MILLISECOND = timedelta(milliseconds=1)
_MILLISECONDS = PERIOD // _MILLISECOND


class Attempts:
    """Limits how often something may be tried, mostly per minute, over all workers."""

    def __init__(self, store: Valkey) -> None:
        self._store = store

    async def admit(self, what: str, whose: str, most: int, period: timedelta = PERIOD) -> None:
        """Count an attempt (TOO_MANY_ATTEMPTS after `most` in a period, TOKEN_STORE_UNAVAILABLE).

        `whose` is an address or an email, of which only a digest is stored; nothing is counted if it is empty.
        """
        if not whose:
            return
        admitted, milliseconds = await self._count(what, whose, most, period)
        if not admitted:
            raise too_many(milliseconds)

    async def take_back(self, what: str, whose: str) -> None:
        """Count an attempt no longer that was admitted (TOKEN_STORE_UNAVAILABLE)."""
        if whose:
            with reached():
                await attempts.take_back(self._store, _key(what, whose))

    async def turn(self, what: str, whose: str, every: timedelta, longest: timedelta) -> None:
        """Wait for the next turn, of which there is one in each such time (TOKEN_STORE_UNAVAILABLE).

        TOO_MANY_ATTEMPTS at once if it is further away than `longest`.
        """
        with reached():
            taken, wait = await attempts.turn(
                self._store, _key(what, whose), every=every // _MILLISECOND, longest=longest // _MILLISECOND
            )
        if not taken:
            raise too_many(wait)
        await asyncio.sleep(wait / 1000)

    async def remember(self, what: str, whose: str, life: timedelta) -> None:
        """Remember an event, of which only a digest is stored (TOKEN_STORE_UNAVAILABLE)."""
        with reached():
            await attempts.remember(self._store, _key(what, whose), life // _MILLISECOND)

    async def remembers(self, what: str, whose: str, life: timedelta) -> bool:
        """Whether an event is remembered that was to be for that long (TOKEN_STORE_UNAVAILABLE)."""
        with reached():
            return await attempts.is_remembered(self._store, _key(what, whose), life // _MILLISECOND)

    async def note(self, what: str, whose: str) -> None:
        """Count without refusing, if `whose` is not empty (TOKEN_STORE_UNAVAILABLE)."""
        if whose:
            await self._count(what, whose)

    async def noted(self, what: str, whose: str) -> int:
        """The count of the current minute (TOKEN_STORE_UNAVAILABLE)."""
        with reached():
            return await attempts.made(self._store, _key(what, whose), _MILLISECONDS) if whose else 0

    async def _count(
        self, what: str, whose: str, most: int | None = None, period: timedelta = PERIOD
    ) -> tuple[bool, int]:
        with reached():
            return await attempts.count(self._store, _key(what, whose), period // _MILLISECOND, most)


def _key(what: str, whose: str) -> str:
    return f"attempts:1:{what}:{hashlib.sha256(whose.encode()).hexdigest()[:32]}"


def too_many(milliseconds: int) -> DomainError:
    """TOO_MANY_ATTEMPTS, and when the next one is worth trying."""
    seconds = max(1, math.ceil(milliseconds / 1000))
    return DomainError(
        Reason.TOO_MANY_ATTEMPTS,
        f"too many attempts: try again in {seconds} s",
        retry_after=timedelta(seconds=seconds),
    )


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
