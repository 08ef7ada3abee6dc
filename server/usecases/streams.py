"""What all streams have in common: heartbeats, and a last message that says why they end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from random import Random

from server.domain.identity import Caller
from server.domain.ids import Clock
from server.usecases.stream_places import StreamPlaces

BEAT = timedelta(seconds=15)
MAX_AGE = timedelta(hours=1)
VISITORS_MAX_AGE = timedelta(minutes=10)
"""Of streams without a token: what a clinic no longer shows to everybody is not followed for longer."""
_TICK_SECONDS = 1.0
# Streams that began together end at random times, 48 to 60 minutes later, so that their readers do not all reconnect in
# one second.
_AGE_SPREAD = 0.2
_TOKEN_SPREAD = timedelta(seconds=20)
# The last message leaves at least a second before the caller's deadline, so that it still arrives; `tick` may find the
# end up to a second late.
_FAREWELL = timedelta(seconds=1 + _TICK_SECONDS)


class Ending(Enum):
    """Why the server ends a stream; the names are those of ClosingReason in the contract."""

    DRAIN = "drain"
    TOKEN_EXPIRED = "token_expired"  # a reason
    MAX_AGE = "max_age"
    TOKEN_REVOKED = "token_revoked"  # a reason


@dataclass(frozen=True, slots=True)
class Watcher:
    """The caller who opens a stream."""

    caller: Caller
    address: str = ""
    """Empty for a caller that did not come through the edge."""
    remaining_seconds: float | None = None
    """Time until the caller's deadline; None if the caller set none."""


class Stream:
    """One open stream and what to send to its reader. Whoever adds something to send calls `wake`."""

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
        """Wait until there is something to send."""
        if not self._awake:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        self._awake = False


class Streams:
    """The open streams of a worker."""

    def __init__(
        self, clock: Clock, random: Random, is_revoked: Callable[[Caller], bool], places: StreamPlaces
    ) -> None:
        self._clock = clock
        self._places = places
        self._random = random
        self._is_revoked = is_revoked
        self._open: dict[Stream, _Opened] = {}
        self._draining = False

    def __len__(self) -> int:
        """How many are open."""
        return len(self._open)

    @asynccontextmanager
    async def opened(self, stream: Stream, watcher: Watcher) -> AsyncIterator[None]:
        """Send heartbeats while a stream is open, and end it by its token, its maximum age or the caller's deadline.

        Raises TOO_MANY_STREAMS if the account or the address has reached its limit.
        """
        async with self._places.taken(watcher.caller, watcher.address):
            caller, now = watcher.caller, self._clock()
            self._open[stream] = _Opened(caller, now + BEAT, *self._end(watcher, now))
            if self._draining:
                self._finish(stream, Ending.DRAIN)
            try:
                yield
            finally:
                del self._open[stream]

    def _end(self, watcher: Watcher, now: datetime) -> tuple[datetime, Ending]:
        caller, remaining_seconds, spread = watcher.caller, watcher.remaining_seconds, self._random.random()
        age = now + (VISITORS_MAX_AGE if caller.is_visitor else MAX_AGE) * (1 - _AGE_SPREAD * spread)
        if remaining_seconds is not None:
            age = min(age, now + timedelta(seconds=remaining_seconds) - _FAREWELL)
        # Never after the token expires, and for a short-lived token not much before.
        token = caller.expires_at - min(_TOKEN_SPREAD, (caller.expires_at - now) / 10) * spread
        return min((age, Ending.MAX_AGE), (token, Ending.TOKEN_EXPIRED), key=lambda end: end[0])

    async def run(self) -> None:
        """Call `tick` every second until cancelled."""
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            self.tick()

    def tick(self) -> None:
        """Wake the streams whose heartbeat or end is due, and those whose token has been revoked."""
        now = self._clock()
        for stream, opened in self._open.items():
            if self._is_revoked(opened.caller):
                self._finish(stream, Ending.TOKEN_REVOKED)
            elif now >= opened.ends_at:
                self._finish(stream, opened.ending)
            elif now >= opened.beats_at:
                opened.beats_at = now + BEAT
                stream.beat = True
                stream.wake()

    async def drain(self, seconds: float) -> None:
        """End all streams, spread over `seconds`; streams opened from now on end at once."""
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


class _Opened:
    """An open stream: its caller, when its next heartbeat is due, and when and why it ends."""

    __slots__ = ("beats_at", "caller", "ending", "ends_at")

    def __init__(self, caller: Caller, beats_at: datetime, ends_at: datetime, ending: Ending) -> None:
        self.caller = caller
        self.beats_at = beats_at
        self.ends_at = ends_at
        self.ending = ending
