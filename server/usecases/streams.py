"""What all streams have in common: signs of life, and an end that tells the reader why."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from enum import Enum
from random import Random

from server.domain.identity import Caller
from server.domain.ids import Clock

BEAT = timedelta(seconds=15)
MAX_AGE = timedelta(hours=1)
_TICK_SECONDS = 1.0
# A fleet of readers that began together shall not come back in one second.
_AGE_SPREAD = 0.2
_TOKEN_SPREAD = timedelta(seconds=20)
# Left for the last message to arrive before the caller's own deadline cuts it off.
_FAREWELL = timedelta(seconds=1)


class Ending(Enum):
    """Why the server ends a stream; the names are those of ClosingReason in the contract."""

    DRAIN = "drain"
    TOKEN_EXPIRED = "token_expired"  # a reason
    MAX_AGE = "max_age"


class Stream:
    """One open stream: what there is to tell its reader. Who sets something down for it wakes it."""

    def __init__(self) -> None:
        self.beat = False
        """A heartbeat is due."""
        self.ending: Ending | None = None
        """Not None once the stream must end."""
        self._awake = False
        self._waiter: asyncio.Future[None] | None = None

    def wake(self) -> None:
        """Let `woken` return, now or when it is called."""
        self._awake = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def woken(self) -> None:
        """Wait until there is something to tell."""
        if not self._awake:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        self._awake = False


class Streams:
    """The open streams of a worker."""

    def __init__(self, clock: Clock, random: Random) -> None:
        self._clock = clock
        self._random = random
        self._open: dict[Stream, _Dates] = {}
        self._draining = False

    def __len__(self) -> int:
        """How many are open."""
        return len(self._open)

    @contextmanager
    def opened(self, stream: Stream, caller: Caller, remaining_seconds: float | None) -> Iterator[None]:
        """Keep a stream alive while it is open, and end it with its token, its age, or the caller's deadline."""
        now = self._clock()
        dates = _Dates(now + BEAT, *self._end(caller, now, remaining_seconds))
        self._open[stream] = dates
        if self._draining:
            self._finish(stream, Ending.DRAIN)
        try:
            yield
        finally:
            del self._open[stream]

    def _end(self, caller: Caller, now: datetime, remaining_seconds: float | None) -> tuple[datetime, Ending]:
        spread = self._random.random()
        age = now + MAX_AGE * (1 - _AGE_SPREAD * spread)
        if remaining_seconds is not None:
            age = min(age, now + timedelta(seconds=remaining_seconds) - _FAREWELL)
        # Never after the token; of one that is short-lived, not much before.
        token = caller.expires_at - min(_TOKEN_SPREAD, (caller.expires_at - now) / 10) * spread
        return min((age, Ending.MAX_AGE), (token, Ending.TOKEN_EXPIRED), key=lambda end: end[0])

    async def run(self) -> None:
        """Do what time asks for, every second, until cancelled."""
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            self.tick()

    def tick(self) -> None:
        """Wake the streams whose heartbeat or end is due."""
        now = self._clock()
        for stream, dates in self._open.items():
            if now >= dates.ends_at:
                self._finish(stream, dates.ending)
            elif now >= dates.beats_at:
                dates.beats_at = now + BEAT
                stream.beat = True
                stream.wake()

    async def drain(self, seconds: float) -> None:
        """End all streams, spread over some seconds; those that begin from now on end at once."""
        self._draining = True
        leaving = list(self._open)
        self._random.shuffle(leaving)
        for number, stream in enumerate(leaving):
            if number and seconds:
                await asyncio.sleep(seconds / len(leaving))
            self._finish(stream, Ending.DRAIN)

    @staticmethod
    def _finish(stream: Stream, ending: Ending) -> None:
        stream.ending = stream.ending or ending
        stream.wake()


class _Dates:
    """When the next heartbeat is due, and when and why the stream ends."""

    __slots__ = ("beats_at", "ending", "ends_at")

    def __init__(self, beats_at: datetime, ends_at: datetime, ending: Ending) -> None:
        self.beats_at = beats_at
        self.ends_at = ends_at
        self.ending = ending
