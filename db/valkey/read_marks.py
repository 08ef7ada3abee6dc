"""Read marks: how far the primary had written when a caller last wrote, shared by all workers for an hour."""

import asyncio
import time
from collections.abc import Callable, Mapping

from redis.asyncio import Connection
from redis.exceptions import RedisError

from db.valkey import client as valkey
from db.valkey.client import Valkey
from db.valkey.mark_batches import KnownMarks, MarkBatch, answers
from db.valkey.signed_numbers import Command, SignedNumbers
from db.valkey.signer import Signer

KEPT_SECONDS = 3_600
"""Longer than a replica that is in use can be behind, and than most outages of a primary."""
SETTLING_SECONDS = 5.0
"""After Valkey lost its data, every process has sent its marks that did not get there within this time."""
PAUSE_SECONDS = 1.0
_ANSWER_SECONDS = 0.5
_SHARED = ("missed", "newest", "epoch")
"""What concerns all callers."""

_FORM = 2
_KIND = f"mark:{_FORM}"
_MARK = f"{_KIND}:"
_RESTORING_SECONDS = 1.2
"""Every process shares the newest epoch that it knows twice in this time."""


class ReadMarks:
    """The marks of callers, over one connection; requests made while an answer is awaited are sent together.

    Nobody waits for a Valkey that does not answer: after a failure it is not asked for a second. A mark that did not
    reach Valkey applies to every caller as soon as Valkey answers again.

    Valkey may lose marks when it restarts or is flushed. A restart breaks the connection; a flush shows because the
    newest of all marks, which Valkey also holds, is gone. If a caller has no mark, it has written nothing since the
    connection began. Whether it wrote earlier is unknown, so the newest of all marks is used for it. For the first five
    seconds no mark is believed: the caller's newest one may not have reached Valkey, and another process may hold it.

    Marks and the epoch are signed. A mark that no worker signed is unknown until the next one replaces it or its hour
    is over. An epoch that no worker signed is removed and counts for nothing.
    """

    def __init__(self, client: Valkey, signer: Signer, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._numbers = SignedNumbers(signer, _KIND)
        self._clock = clock
        self._system = ""
        self._verified: dict[str, tuple[bytes, int]] = {}
        """The last value of each key that concerns all callers, and its number: checking a signature takes time."""
        self._is_epoch_forged = self._was_restored = False
        self._connection: Connection | None = None
        self._connected_at = self._closed_until = 0.0
        self._missed = self._newest = self._held = self._epoch = 0
        """The newest mark that did not reach Valkey, the newest known one, and the newest that Valkey has held."""
        self._next = MarkBatch()
        self._travel: asyncio.Task[None] | None = None

    async def raise_to(self, caller_id: str, position: int) -> None:
        """Store a caller's mark; while Valkey cannot be reached, as a mark of all callers."""
        self._newest = max(self._newest, position)
        if self._is_closed:
            self._missed = max(self._missed, position)
            return
        marks = self._next.marks
        marks[caller_id] = max(position, marks.get(caller_id, 0))
        if await self._ask(caller_id) is None:
            self._missed = max(self._missed, position)

    async def get(self, caller_id: str, within: float) -> int | None:
        """A caller's mark; 0 if the caller has written nothing in the last `within` seconds; None if unknown."""
        found = None if self._is_closed else await self._ask(caller_id)
        if found is None or found.mark is None:
            return None
        settled = self._clock() - self._connected_at - SETTLING_SECONDS
        if settled <= 0:
            return None
        if found.mark:
            return max(found.mark, found.missed)
        return found.missed if within <= min(settled, KEPT_SECONDS) else found.newest

    async def share(self, epoch: int, system: str) -> int:
        """Share this process's newest epoch, and marks that Valkey may lack; the newest epoch of all processes.

        All of it belongs to a database system, named by its identifier: what another database left counts for nothing.
        """
        self._system = system
        self._epoch = max(self._epoch, epoch)
        await self._share()
        if self._is_epoch_forged and not self._was_restored:
            # A newer epoch may have been overwritten: those who know it are given time to share it again, but once
            # only, since somebody who forges without end must not stop writes for ever.
            self._was_restored = True
            await asyncio.sleep(_RESTORING_SECONDS)
            await self._share()
        return self._epoch

    async def _share(self) -> None:
        if not self._is_closed:
            self._next.is_shared = True
            await self._ask("")

    async def aclose(self) -> None:
        """Close the connection."""
        if self._travel:
            self._travel.cancel()
        await self._disconnect()

    def _key(self, name: str) -> str:
        return f"marks:{_FORM}:{self._system}:{name}"

    def _mark(self, caller_id: str) -> str:
        return f"{_MARK}{self._system}:{caller_id}"

    @property
    def _is_closed(self) -> bool:
        return self._clock() < self._closed_until

    async def _ask(self, caller_id: str) -> KnownMarks | None:
        answer: asyncio.Future[KnownMarks | None] = asyncio.get_running_loop().create_future()
        self._next.asked.append((caller_id, answer))
        if self._travel is None:
            self._travel = asyncio.create_task(self._run())
        began = time.monotonic()
        try:
            return await answer
        finally:
            valkey.on_command("read marks", time.monotonic() - began)

    async def _run(self) -> None:
        try:
            while self._next.asked:
                batch, self._next = self._next, MarkBatch()
                await self._answer(batch)
        finally:
            self._travel = None
            self._next.settle({})

    async def _answer(self, batch: MarkBatch) -> None:
        found: dict[str, KnownMarks] = {}
        try:
            if not self._is_closed:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    found = await self._exchange(batch)
        except (RedisError, OSError, TimeoutError):
            self._closed_until = self._clock() + PAUSE_SECONDS
            await self._disconnect()
        finally:
            batch.settle(found)

    async def _exchange(self, batch: MarkBatch) -> dict[str, KnownMarks]:
        """Send a batch, once more over a new connection if the existing one is lost."""
        was_there = self._connection is not None
        try:
            return await self._exchange_once(batch)
        except (RedisError, OSError):
            if not was_there:
                raise
            await self._disconnect()
            return await self._exchange_once(batch)

    async def _exchange_once(self, batch: MarkBatch) -> dict[str, KnownMarks]:
        connection = await self._connected()
        missed, callers = self._missed, list({caller_id for caller_id, _ in batch.asked})
        raised_numbers = {self._mark(caller_id): (mark, KEPT_SECONDS) for caller_id, mark in batch.marks.items()}
        if raised_numbers or missed or batch.is_shared:
            raised_numbers |= {self._key("newest"): (self._newest, KEPT_SECONDS), self._key("epoch"): (self._epoch, 0)}
            raised_numbers |= {self._key("missed"): (missed, KEPT_SECONDS)} if missed else {}
        shared, marks = [self._key(name) for name in _SHARED], [self._mark(each) for each in callers]
        commands: list[Command] = [["MGET", *shared, *marks]]
        if raised_numbers:
            # After it is known what was there: that Valkey was emptied or a value was overwritten must be noticed.
            commands.append(self._numbers.raised(raised_numbers))
        answer, *_ = await answers(connection, commands)
        if self._missed == missed:
            self._missed = 0
        values = {key: value for key, value in zip([*shared, *marks], answer, strict=True) if value is not None}
        numbers = self._checked(values)
        if forged := {key: value for key, value in values.items() if key not in numbers}:
            await answers(connection, self._replacing(forged, raised_numbers))
        floor, newest, epoch = (numbers.get(key, 0) for key in shared)
        if newest < self._held:
            self._connected_at = self._clock()  # it was flushed
        self._newest, self._epoch = max(newest, self._newest), max(epoch, self._epoch)
        self._held = self._newest if raised_numbers else newest
        missed, newest = max(floor, self._missed), self._newest
        return {
            each: KnownMarks(None if key in forged else numbers.get(key, 0), missed, newest)
            for each, key in zip(callers, marks, strict=True)
        }

    def _checked(self, values: Mapping[str, bytes]) -> dict[str, int]:
        """The numbers of those values that a worker signed."""
        numbers = {}
        for key, value in values.items():
            held, number = self._verified.get(key, (b"", None))
            if held != value:
                number = self._numbers.number(key, value)
            if number is not None:
                numbers[key] = number
                if key.endswith(_SHARED):
                    self._verified[key] = value, number
        return numbers

    def _replacing(self, forged: Mapping[str, bytes], raised_numbers: Mapping[str, tuple[int, int]]) -> list[Command]:
        """Commands for values that no worker signed: what this process knows takes their place at once.

        Other marks of callers stay unknown, for an hour at most: a caller without a mark would have written nothing.
        """
        self._is_epoch_forged = self._is_epoch_forged or self._key("epoch") in forged
        if self._key("missed") in forged:
            self._missed = max(self._missed, self._newest)  # it stands for the mark that was overwritten
        unknown = [key for key in forged if key.startswith(_MARK) and key not in raised_numbers]
        commands: list[Command] = [["EXPIRE", key, KEPT_SECONDS, "LT"] for key in unknown]
        commands.append(self._numbers.removed({key: forged[key] for key in forged.keys() - set(unknown)}))
        return commands + ([self._numbers.raised(raised_numbers)] if raised_numbers else [])

    async def _connected(self) -> Connection:
        if self._connection is None:
            connection: Connection = self._client.connection_pool.make_connection()  # type: ignore[no-untyped-call]
            await connection.connect()  # type: ignore[no-untyped-call]
            self._connection, self._connected_at = connection, self._clock()
        return self._connection

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection:
            await connection.disconnect(nowait=True)
