"""Argon2id hashes of passwords: computed and compared in a few threads, off the event loop."""

import asyncio
import secrets
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import cache
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from server.domain.errors import DomainError, Reason, invalid
from server.usecases.identity.password_rules import problem_of, spelt

T = TypeVar("T")

HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""What OWASP recommends for Argon2id: 19 MiB and two passes."""


class Passwords:
    """Hashes at most `threads` passwords at a time, while `queue` more may wait."""

    def __init__(self, *, threads: int, queue: int, hasher: PasswordHasher = HASHER) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="passwords")
        self._most = threads + queue
        self._busy = 0
        self._hasher = hasher
        self._nobodys = _hash_of_nobody(hasher)
        self.compared = 0
        """How many passwords were compared with a hash."""

    async def check(self, field: str, password: str, known: Iterable[str]) -> None:
        """Refuse a password that may not be chosen (INVALID_REQUEST for the field, OVERLOADED).

        `known` are texts that belong to the person, such as the email.
        """
        if problem := await self._run(lambda: problem_of(password, known)):
            raise invalid(field, problem)

    async def hash(self, password: str) -> str:
        """The hash to store (OVERLOADED)."""
        return await self._run(lambda: self._hasher.hash(spelt(password)))

    async def matches(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is right (OVERLOADED); without a password or an account, refusing takes equally long."""
        kept = password_hash or self._nobodys
        return await self._run(lambda: self._compare(kept, password)) and password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with other parameters than the current ones."""
        return self._hasher.check_needs_rehash(password_hash)

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _compare(self, password_hash: str, password: str) -> bool:
        self.compared += 1
        try:
            return self._hasher.verify(password_hash, spelt(password))
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        if self._busy >= self._most:
            raise DomainError(
                Reason.OVERLOADED,
                "too many people are signing in at once: try again in a moment",
                retry_after=timedelta(seconds=1),
            )
        self._busy += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._busy -= 1


@cache
def _hash_of_nobody(hasher: PasswordHasher) -> str:
    """A hash that no password matches, made before it is needed, so that the first refusal takes no longer."""
    return hasher.hash(secrets.token_urlsafe())
