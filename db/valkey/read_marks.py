"""Read marks: how far the primary had written when a caller last wrote, known to all workers for a minute."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from redis.asyncio import Connection
from redis.exceptions import RedisError

from db.valkey.client import Valkey

KEPT_SECONDS = 60
"""Longer than a replica in use can be behind, by far."""
SETTLING_SECONDS = 5.0
"""Marks may be lost along with the connection; after this time a replica in use has what they stood for."""
PAUSE_SECONDS = 1.0
_ANSWER_SECONDS = 0.5

_FORM = 1
_MOST_DIGITS = 19
"""A position has 64 bits."""

# A mark only rises: what two writes of one caller leave may arrive here in any order. What is no mark gives way.
_RAISE = f"""
for i, key in ipairs(KEYS) do
    local held = redis.pcall('GET', key)
    held = type(held) == 'string' and #held <= {_MOST_DIGITS} and string.match(held, '^%d+$') or '0'
    if tonumber(held) < tonumber(ARGV[i]) then
        redis.call('SET', key, ARGV[i], 'EX', {KEPT_SECONDS})
    end
end
"""


class ReadMarks:
    """The marks of callers, over one connection; what is asked while an answer is under way travels together.

    Nobody waits for a Valkey that does not answer: after a failure it is left alone for a second. That there is no
    mark is believed once the connection has lasted for some seconds.
    """

    def __init__(self, client: Valkey, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._connection: Connection | None = None
        self._connected_at = self._closed_until = 0.0
        self._next = _Batch()
        self._travel: asyncio.Task[None] | None = None

    async def raise_to(self, caller_id: str, position: int) -> None:
        """Keep a caller's mark, unless Valkey is away."""
        if not self._is_closed:
            marks = self._next.marks
            marks[caller_id] = max(position, marks.get(caller_id, 0))
            await self._ask(caller_id)

    async def get(self, caller_id: str) -> int | None:
        """A caller's mark, 0 if there is none; None if that is not known."""
        return None if self._is_closed else await self._ask(caller_id)

    async def aclose(self) -> None:
        """Close the connection."""
        if self._travel:
            self._travel.cancel()
        await self._disconnect()

    @property
    def _is_closed(self) -> bool:
        return self._clock() < self._closed_until

    async def _ask(self, caller_id: str) -> int | None:
        answer: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
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
        found: dict[str, int | None] = {}
        try:
            if not self._is_closed:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    found = await self._exchange(batch)
        except (RedisError, OSError, TimeoutError):
            self._closed_until = self._clock() + PAUSE_SECONDS
            await self._disconnect()
        finally:
            batch.settle(found)

    async def _exchange(self, batch: "_Batch") -> dict[str, int | None]:
        connection = await self._connected()
        callers = list({caller_id for caller_id, _ in batch.asked})
        commands: list[list[str | int]] = [["MGET", *map(_key, callers)]]
        if batch.marks:
            keys = map(_key, batch.marks)
            commands.insert(0, ["EVAL", _RAISE, len(batch.marks), *keys, *batch.marks.values()])
        await connection.send_packed_command(connection.pack_commands(commands))
        *_, marks = [await connection.read_response() for _ in commands]
        absent = 0 if self._clock() - self._connected_at > SETTLING_SECONDS else None
        return {each: absent if mark is None else _position(mark) for each, mark in zip(callers, marks, strict=True)}

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


@dataclass(slots=True)
class _Batch:
    """What travels together."""

    marks: dict[str, int] = field(default_factory=dict)
    asked: list[tuple[str, asyncio.Future[int | None]]] = field(default_factory=list)

    def settle(self, found: Mapping[str, int | None]) -> None:
        """Answer all who wait."""
        for caller_id, answer in self.asked:
            if not answer.done():
                answer.set_result(found.get(caller_id))


def _position(mark: bytes) -> int | None:
    """A position; None if what is kept is none, and so it is not known how far the caller had written."""
    return int(mark) if mark.isdigit() and len(mark) <= _MOST_DIGITS else None


def _key(caller_id: str) -> str:
    return f"mark:{_FORM}:{caller_id}"
