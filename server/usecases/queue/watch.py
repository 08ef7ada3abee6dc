"""Following the lanes of a clinic: the stream of WatchQueue.

Each worker looks twice a second how new the lanes are that somebody follows: one statement for all of them, over keys.
It needs no Valkey, and a call reaches every screen within a second, whichever worker wrote it.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import structlog

from server.domain.errors import DomainError
from server.domain.ids import Clock
from server.domain.rights import Action, Owner, require
from server.telemetry.logs import place_of
from server.usecases.queue.read import Lanes, LaneView
from server.usecases.streams import Ending, Stream, Streams, Watcher

_log = structlog.get_logger()

_LOOK_SECONDS = 0.5
_WAITS_LAST = timedelta(seconds=20)
"""How long expected waits stay as they were sent: they change with time, without a commit."""

Version = tuple[date, int, int]
"""The date, epoch and revision of a lane."""


@dataclass(frozen=True, slots=True)
class QueueForms:
    """Functions that render the messages of WatchQueue to bytes."""

    lane: Callable[[LaneView], bytes]
    heartbeat: Callable[[datetime], bytes]
    closing: Callable[[Ending], bytes]


class LaneStream(Stream):
    """A stream of lanes: for a slow reader, at most one version of each lane waits, the newest."""

    def __init__(self) -> None:
        super().__init__()
        self.pending: dict[str, bytes] = {}

    def put(self, lane_id: str, message: bytes) -> None:
        """Queue a lane for sending, in place of an older one that still waits."""
        self.pending[lane_id] = message
        self.wake()


@dataclass(slots=True)
class _FollowedClinic:
    streams: set[LaneStream] = field(default_factory=set)
    versions: dict[str, Version] = field(default_factory=dict)
    messages: dict[str, bytes] = field(default_factory=dict)
    read_at: datetime | None = None


class QueueWatch:
    """Streams the lanes of clinics as they change."""

    def __init__(self, lanes: Lanes, clock: Clock, streams: Streams, forms: QueueForms) -> None:
        self._lanes = lanes
        self._clock = clock
        self._streams = streams
        self._forms = forms
        self._followed: dict[str, _FollowedClinic] = {}
        self._wanted = asyncio.Event()
        self._joined = asyncio.Event()

    async def watch(self, watcher: Watcher, clinic_id: str) -> AsyncGenerator[bytes, None]:
        """The messages of a stream (NOT_ALLOWED, TOO_MANY_STREAMS)."""
        require(watcher.caller, Action.SEE_QUEUE, Owner(clinic_id=clinic_id))
        stream = LaneStream()
        async with self._streams.opened(stream, watcher):
            self._join(stream, clinic_id)
            try:
                while stream.ending is None:
                    await stream.woken()
                    while stream.pending and stream.ending is not Ending.TOKEN_REVOKED:
                        yield stream.pending.pop(next(iter(stream.pending)))
                    if stream.beat:
                        stream.beat = False
                        yield self._forms.heartbeat(self._clock())
            finally:
                self._leave(stream, clinic_id)
            yield self._forms.closing(stream.ending)

    def loops(self) -> list[Coroutine[None, None, None]]:
        """The task that looks for changes until cancelled; a failure is logged once, and retried."""
        return [self._keep_looking()]

    async def _keep_looking(self) -> None:
        well = True
        while True:
            await self._wanted.wait()
            self._joined.clear()
            try:
                await self._look()
                well = True
            except DomainError as error:
                if well:
                    _log.warning("following queues is hindered", failure=place_of(error))
                well = False
            with suppress(TimeoutError):
                # Whoever is the first to follow a clinic does not wait for the next look.
                await asyncio.wait_for(self._joined.wait(), _LOOK_SECONDS)

    async def _look(self) -> None:
        newest: dict[str, dict[str, Version]] = {clinic_id: {} for clinic_id in self._followed}
        for row in await self._lanes.versions(list(newest)):
            newest[row.clinic_id][row.doctor_id] = (row.date, row.epoch, row.revision)
        for clinic_id, versions in newest.items():
            followed = self._followed.get(clinic_id)
            if followed is not None and (versions != followed.versions or self._is_old(followed)):
                followed.read_at = self._clock()
                self._deliver(followed, await self._lanes.of_clinic(clinic_id))

    def _is_old(self, followed: _FollowedClinic) -> bool:
        return followed.read_at is None or self._clock() >= followed.read_at + _WAITS_LAST

    def _deliver(self, followed: _FollowedClinic, views: Sequence[LaneView]) -> None:
        for view in views:
            row = view.row
            followed.versions[row.doctor_id] = (row.date, row.epoch, row.revision)
            message = self._forms.lane(view)
            if followed.messages.get(row.doctor_id) == message:
                continue
            followed.messages[row.doctor_id] = message
            for stream in followed.streams:
                stream.put(row.doctor_id, message)

    def _join(self, stream: LaneStream, clinic_id: str) -> None:
        if clinic_id not in self._followed:
            self._joined.set()
        followed = self._followed.setdefault(clinic_id, _FollowedClinic())
        followed.streams.add(stream)
        for lane_id, message in followed.messages.items():
            stream.put(lane_id, message)
        stream.beat = True
        stream.wake()
        self._wanted.set()

    def _leave(self, stream: LaneStream, clinic_id: str) -> None:
        followed = self._followed[clinic_id]
        followed.streams.discard(stream)
        if not followed.streams:
            del self._followed[clinic_id]
        if not self._followed:
            self._wanted.clear()
