"""How many streams each worker has open for an account or an address, so that limits hold over all workers.

`streams:1:{whose}` holds a count for each worker. It counts as long as the worker lives, which it says every second or
two in `streams:1:workers`. All of it is signed: a number that no worker wrote counts as none.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from redis.exceptions import ResponseError

from db.valkey.client import Valkey
from db.valkey.signer import Signer

LEASE = timedelta(seconds=5)
"""How long the streams of a worker that was killed still count."""

_FORM = 1
_KIND = f"streams:{_FORM}"
_WORKERS = f"{_KIND}:workers"
_KEPT_SECONDS = 7_200
"""Longer than a stream lives."""


class StreamCounts:
    """The counts of one worker, and what it reads of the others.

    Of two that open a stream at the same time, at least one sees the other: each stores its count before it reads.
    """

    def __init__(self, signer: Signer, worker_id: str) -> None:
        self._signer = signer
        self._worker_id = worker_id.encode()

    async def others(self, valkey: Valkey, counts: Mapping[str, int], now: datetime) -> dict[str, int]:
        """Store this worker's counts; what the other living workers count for the same, as of the same moment."""
        keys = [_WORKERS, *map(_key, counts)]
        async with valkey.pipeline(transaction=False) as pipe:
            for whose, count in counts.items():
                self._put(pipe, whose, count)
            for key in keys:
                pipe.hgetall(key)
            answers = (await pipe.execute(raise_on_error=False))[-len(keys) :]
        workers, *found = [await self._fields(valkey, key, answer) for key, answer in zip(keys, answers, strict=True)]
        living = {worker for worker in workers if self._lives(worker, workers[worker], now)} - {self._worker_id}
        return {
            whose: sum(self._number(_key(whose), worker, of[worker]) for worker in living & of.keys())
            for whose, of in zip(counts, found, strict=True)
        }

    async def store(self, valkey: Valkey, counts: Mapping[str, int]) -> None:
        """Store this worker's counts; a count of zero is removed."""
        async with valkey.pipeline(transaction=False) as pipe:
            for whose, count in counts.items():
                self._put(pipe, whose, count)
            await pipe.execute(raise_on_error=False)

    async def renew(self, valkey: Valkey, now: datetime) -> bool:
        """Say that this worker lives, and remove those that do not; whether Valkey still knew this one."""
        expiry = b"%d" % int((now + LEASE).timestamp())
        async with valkey.pipeline(transaction=False) as pipe:
            pipe.hgetall(_WORKERS)
            pipe.hset(
                _WORKERS, self._worker_id, self._signer.sign(_KIND, expiry, self._name(_WORKERS, self._worker_id))
            )
            answer, _ = await pipe.execute(raise_on_error=False)
        workers = await self._fields(valkey, _WORKERS, answer)
        dead = {worker for worker in workers if not self._lives(worker, workers[worker], now)} - {self._worker_id}
        if dead:
            await valkey.hdel(_WORKERS, *dead)
        return self._worker_id in workers

    @staticmethod
    async def _fields(valkey: Valkey, key: str, answer: Any) -> dict[bytes, bytes]:
        """What a key holds; a value of another type is removed."""
        if isinstance(answer, ResponseError):
            await valkey.unlink(key)
        return answer if isinstance(answer, dict) else {}

    def _put(self, pipe: Any, whose: str, count: int) -> None:
        key = _key(whose)
        if count:
            pipe.hset(key, self._worker_id, self._signer.sign(_KIND, b"%d" % count, self._name(key, self._worker_id)))
            pipe.expire(key, _KEPT_SECONDS)
        else:
            pipe.hdel(key, self._worker_id)

    def _lives(self, worker: bytes, value: bytes, now: datetime) -> bool:
        return self._number(_WORKERS, worker, value) > now.timestamp()

    def _number(self, key: str, worker: bytes, value: bytes) -> int:
        return int(self._signer.verified(_KIND, value, self._name(key, worker)) or 0)

    @staticmethod
    def _name(key: str, worker: bytes) -> str:
        return f"{key} {worker.hex()}"


def _key(whose: str) -> str:
    return f"{_KIND}:{whose}"
