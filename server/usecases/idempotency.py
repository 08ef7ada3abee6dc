"""Writes that are done once, however often they are sent: a repeated request gets the first answer (AIP-155)."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Generic, NamedTuple, TypeVar
from uuid import UUID, uuid5

from db.errors import Conflict
from db.postgres import idempotency
from db.postgres.cluster.engines import Connection
from server.domain.errors import DomainError, Reason

R = TypeVar("R")
M = TypeVar("M")

KEPT = timedelta(hours=24)
"""How long the answer of a write is kept for repeated requests."""


class Write(NamedTuple, Generic[R, M]):
    """A write as its sender identifies it, and how its result becomes the stored answer."""

    caller_id: str
    request_id: str
    """UUID, or empty: then the write is not recognized when it is repeated."""
    content: bytes
    """The method and the request, byte for byte: the same id with other content is refused."""
    render: Callable[[R], M]
    dump: Callable[[M], bytes]
    load: Callable[[bytes], M]


def part_of(request_id: str, number: int) -> str:
    """The id of one of the several writes that a request consists of; empty if the request has none."""
    return str(uuid5(UUID(request_id), str(number))) if request_id else ""


class Claim:
    """The claim of a write's request_id in its transaction.

    It is the first lock of a transaction, so a repeated request waits for it and for nothing else. It is sent in one
    pipeline with the first statements of the work, so it costs no round trip of its own.

        first     claims 7f3a    books    COMMIT
        repeat    claims 7f3a    ...waits.......    finds the claim    rolls back and gets the first answer
    """

    def __init__(self, pg: Connection, write: Write[R, M], now: datetime) -> None:
        self._pg = pg
        self._caller_id, self._request_id = write.caller_id, write.request_id
        self._digest = hashlib.sha256(write.content).digest()
        self._now = now
        self._is_first = False

    async def send(self) -> None:
        """Send the claim; while a repeated request is still running, the claim waits for it in the database."""
        if self._request_id:
            self._sent = await idempotency.claim(
                self._pg, self._caller_id, self._request_id, self._digest, now=self._now, kept=KEPT
            )

    async def wait_or_answer(self) -> None:
        """Wait for the claim; may be called repeatedly. Until it returns, the write may turn out to be a repeated one.

        Raises Answered, which ends the work, if the write was done before: `perform` then returns the first answer.
        Raises REQUEST_ID_REUSED if the id was used for a different write.
        """
        if not self._request_id or self._is_first:
            return
        if await self._sent.fetchone():
            self._is_first = True
            return
        first = await (await idempotency.first(self._pg, self._caller_id, self._request_id)).fetchone()
        if first is None:
            raise Conflict("the answer of the first request was purged between two statements")
        if first.digest != self._digest:
            raise DomainError(
                Reason.REQUEST_ID_REUSED,
                "this request_id was already used for a different write: make a new UUID for every write",
            )
        raise Answered(first.response or b"")

    async def answer(self, response: bytes) -> None:
        """Store the answer, which repeated requests get for 24 hours."""
        await self.wait_or_answer()
        if self._request_id:
            await idempotency.answer(self._pg, self._caller_id, self._request_id, response)


class Answered(Exception):
    """The write was done before: raised to end the work, which is rolled back."""

    def __init__(self, response: bytes) -> None:
        super().__init__()
        self.response = response
