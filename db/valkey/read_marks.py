"""Read marks: how far the primary had written when a caller last wrote, shared by all workers for an hour."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from redis.asyncio import Connection
from redis.exceptions import RedisError

from db.valkey.client import Valkey

KEPT_SECONDS = 3_600
"""Longer than a replica that is in use can be behind, and than most outages of a primary."""
SETTLING_SECONDS = 5.0
"""After Valkey lost its data, every process has sent its marks that did not get there within this time."""
PAUSE_SECONDS = 1.0
_ANSWER_SECONDS = 0.5

_FORM = 1
_MISSED, _NEWEST, _EPOCH = (f"marks:{_FORM}:{name}" for name in ("missed", "newest", "epoch"))
_MOST_DIGITS = 19
"""A position has 64 bits."""

# Numbers only rise, since the marks of two writes of one caller may arrive in any order. Anything else is replaced.
_RAISE = f"""
for i, key in ipairs(KEYS) do
    local held = redis.pcall('GET', key)
    held = type(held) == 'string' and #held <= {_MOST_DIGITS} and string.match(held, '^%d+$') or '0'
    if tonumber(held) < tonumber(ARGV[i]) then
        redis.call('SET', key, ARGV[i])
    end
    if key ~= '{_EPOCH}' then
        redis.call('EXPIRE', key, {KEPT_SECONDS})
    end
end
"""


class ReadMarks:
    """The marks of callers, over one connection; requests made while an answer is awaited are sent together.

    Nobody waits for a Valkey that does not answer: after a failure it is not asked for a second. A mark that did not
    reach Valkey applies to every caller as soon as Valkey answers again.

    Valkey may lose marks when it restarts or is flushed. A restart breaks the connection; a flush shows because the
    newest of all marks, which Valkey also holds, is gone. If a caller has no mark, it has written nothing since the
    connection began. Whether it wrote earlier is unknown, so the newest of all marks is used for it.
    """

    def __init__(self, client: Valkey, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._connection: Connection | None = None
        self._connected_at = self._closed_until = 0.0
        self._missed = self._newest = self._held = self._epoch = 0
        """The newest mark that did not reach Valkey, the newest known one, and the newest that Valkey has held."""
        self._next = _Batch()
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
        if found.mark:
            return max(found.mark, found.missed)
        settled = self._clock() - self._connected_at - SETTLING_SECONDS
        if within <= min(settled, KEPT_SECONDS):
            return found.missed
        return found.newest if settled > 0 else None

    async def share(self, epoch: int) -> int:
        """Share this process's newest epoch, and marks that Valkey may lack; the newest epoch of all processes."""
        self._epoch = max(self._epoch, epoch)
        if not self._is_closed:
            self._next.is_shared = True
            await self._ask("")
        return self._epoch

    async def aclose(self) -> None:
        """Close the connection."""
        if self._travel:
            self._travel.cancel()
        await self._disconnect()

    @property
    def _is_closed(self) -> bool:
        return self._clock() < self._closed_until

    async def _ask(self, caller_id: str) -> "_Found | None":
        answer: asyncio.Future[_Found | None] = asyncio.get_running_loop().create_future()
        self._next.asked.append((caller_id, answer))
        if self._travel is None:
            self._travel = asyncio.create_task(self._run())
        return await answer

    async def _run(self) -> None:
        try:
            while self._next.asked:
                batch, self._next = self._next, _Batch()
                await self._answer(batch)
        finally:
            self._travel = None
            self._next.settle({})

    async def _answer(self, batch: "_Batch") -> None:
        found: dict[str, _Found] = {}
        try:
            if not self._is_closed:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    found = await self._exchange(batch)
        except (RedisError, OSError, TimeoutError):
            self._closed_until = self._clock() + PAUSE_SECONDS
            await self._disconnect()
        finally:
            batch.settle(found)

    async def _exchange(self, batch: "_Batch") -> dict[str, "_Found"]:
        """Send a batch, once more over a new connection if the existing one is lost."""
        was_there = self._connection is not None
        try:
            return await self._exchange_once(batch)
        except (RedisError, OSError):
            if not was_there:
                raise
            await self._disconnect()
            return await self._exchange_once(batch)

    async def _exchange_once(self, batch: "_Batch") -> dict[str, "_Found"]:
        connection = await self._connected()
        missed, callers = self._missed, list({caller_id for caller_id, _ in batch.asked})
        told = {_key(caller_id): mark for caller_id, mark in batch.marks.items()}
        if told or missed or batch.is_shared:
            told |= {_NEWEST: self._newest, _EPOCH: self._epoch} | ({_MISSED: missed} if missed else {})
        commands: list[list[str | int]] = [["MGET", _MISSED, _NEWEST, _EPOCH, *map(_key, callers)]]
        if told:
            commands.insert(0, ["EVAL", _RAISE, len(told), *told, *told.values()])
        await connection.send_packed_command(connection.pack_commands(commands))
        *_, answer = [await connection.read_response() for _ in commands]
        floor, newest, epoch = (_position(each) or 0 for each in answer[:3])
        if newest < self._held:
            self._connected_at = self._clock()  # it was flushed
        if self._missed == missed:
            self._missed = 0
        self._held, self._newest, self._epoch = newest, max(newest, self._newest), max(epoch, self._epoch)
        missed, newest = max(floor, self._missed), self._newest
        return {
            each: _Found(0 if mark is None else _position(mark), missed, newest)
            for each, mark in zip(callers, answer[3:], strict=True)
        }

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


@dataclass(frozen=True, slots=True)
class _Found:
    """What Valkey holds: a caller's mark, the newest one that did not reach it at first, and the newest of all."""

    mark: int | None
    """None if the stored value is not a position."""
    missed: int
    newest: int


@dataclass(slots=True)
class _Batch:
    """Requests that are sent together."""

    marks: dict[str, int] = field(default_factory=dict)
    asked: list[tuple[str, asyncio.Future[_Found | None]]] = field(default_factory=list)
    is_shared: bool = False
    """Whether the marks and the epoch that concern all callers are sent too."""

    def settle(self, found: Mapping[str, _Found]) -> None:
        """Answer all who wait for this batch."""
        for caller_id, answer in self.asked:
            if not answer.done():
                answer.set_result(found.get(caller_id))


def _position(mark: bytes | None) -> int | None:
    return int(mark) if mark and mark.isdigit() and len(mark) <= _MOST_DIGITS else None


def _key(caller_id: str) -> str:
    return f"mark:{_FORM}:{caller_id}"
