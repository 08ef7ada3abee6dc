"""The feed of a clinic: every change of its appointments in commit order, from any position of the last seven days."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from db.postgres.booking import appointments, feed
from db.postgres.booking.appointments import AppointmentRow
from db.postgres.booking.feed import ChangeRow
from db.postgres.cluster.engines import Connection, Engine
from server.domain.errors import DomainError, Reason, invalid, not_found
from server.domain.ids import Clock
from server.domain.rights import Action, Owner, require
from server.usecases.streams import Ending, Stream, Streams, Watcher
from server.usecases.unit_of_work import read

_LOOK_EVERY_SECONDS = 0.4
_PAGE = 100
_REMEMBERED = 500


class FeedPosition(NamedTuple):
    """How far a feed was read; sequence numbers of different epochs cannot be compared."""

    epoch: int
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.seq}"

    @staticmethod
    def parse(text: str) -> "FeedPosition":
        """Parse a position that a stream gave to its reader (INVALID_REQUEST)."""
        epoch, _, seq = text.partition(".")
        if not (epoch.isdecimal() and seq.isdecimal()):
            raise invalid(
                "after",
                "is not a position: send one that the stream gave you, or leave it empty to start with the next change",
            )
        return FeedPosition(int(epoch), int(seq))


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """A change, and the appointment as it was when the change was read; None if it was at another clinic by then."""

    position: FeedPosition
    row: ChangeRow
    appointment: AppointmentRow | None


class FeedMessage(NamedTuple):
    """A message of a stream: a change, the time as a heartbeat, or the end; and the position that it reaches."""

    position: FeedPosition
    news: FeedEvent | datetime | Ending


class Feed:
    """Lets streams follow the feeds of clinics.

    While any stream is open, one query looks for new changes every 0.4 s, and they are read once for all streams of the
    process. A stream that starts from an older position, or is slow, reads pages of its own from the table.
    """

    def __init__(self, engine: Engine, clock: Clock, streams: Streams) -> None:
        self._engine = engine
        self._clock = clock
        self._streams = streams
        self._tails: dict[str, _Tail] = {}

    async def run(self) -> None:
        """Look for new changes until cancelled; a failure ends the streams, whose readers resume where they were."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
            try:
                if self._tails:
                    await self._look()
            except Exception as failure:
                for clinic_id in list(self._tails):
                    self._tails.pop(clinic_id).fail(failure)

    async def watch(self, watcher: Watcher, clinic_id: str, after: str) -> AsyncGenerator[FeedMessage, None]:
        """Every change after a position, and heartbeats once it has caught up; an empty `after` begins now.

        Raises NOT_ALLOWED, CLINIC_NOT_FOUND, INVALID_REQUEST, FEED_COMPACTED, TOO_MANY_STREAMS, and
        DATABASE_UNAVAILABLE as soon as it is unknown whether there are new changes.
        """
        require(watcher.caller, Action.WATCH_APPOINTMENTS, Owner(clinic_id=clinic_id))
        stream = Stream()
        async with self._streams.opened(stream, watcher):
            head = await self._head(clinic_id)
            position = FeedPosition.parse(after) if after else head
            if position.epoch != head.epoch or position.seq > head.seq:
                raise _compacted(head)
            stream.beat = True
            with self._following(clinic_id, head, stream) as tail:
                while stream.ending is None:
                    changes = tail.after(position)
                    if changes is None:
                        changes = await self._page(clinic_id, position, await self._head(clinic_id))
                    for change in changes:
                        position = change.position
                        yield FeedMessage(position, change)
                        if stream.ending is not None:
                            break
                    if not changes and stream.beat:
                        stream.beat = False
                        yield FeedMessage(position, self._clock())
                    elif not changes:
                        await stream.woken()
            yield FeedMessage(position, stream.ending)

    @contextmanager
    def _following(self, clinic_id: str, head: FeedPosition, stream: Stream) -> "Iterator[_Tail]":
        tail = self._tails.get(clinic_id)
        if tail is None or tail.position.epoch != head.epoch:
            if tail:
                tail.fail(_compacted(head))
            tail = self._tails[clinic_id] = _Tail(head)
        tail.streams.add(stream)
        try:
            yield tail
        finally:
            tail.streams.remove(stream)
            if not tail.streams:
                self._drop(clinic_id, tail)

    def _drop(self, clinic_id: str, tail: "_Tail") -> None:
        if self._tails.get(clinic_id) is tail:
            del self._tails[clinic_id]

    async def _look(self) -> None:
        for row in await read(self._engine, lambda pg: feed.heads(pg, list(self._tails))):
            await self._catch_up(row.clinic_id, FeedPosition(row.epoch, row.seq))

    async def _catch_up(self, clinic_id: str, head: FeedPosition) -> None:
        tail = self._tails.get(clinic_id)
        try:
            while tail and tail.position < head:
                tail.add(await self._page(clinic_id, tail.position, head))
        except DomainError as error:
            if tail is None or error.reason is not Reason.FEED_COMPACTED:
                raise
            self._drop(clinic_id, tail)
            tail.fail(error)

    async def _head(self, clinic_id: str) -> FeedPosition:
        rows = await read(self._engine, lambda pg: feed.heads(pg, [clinic_id]))
        if not rows:
            raise not_found(Reason.CLINIC_NOT_FOUND, "clinic", clinic_id)
        return FeedPosition(rows[0].epoch, rows[0].seq)

    async def _page(self, clinic_id: str, after: FeedPosition, head: FeedPosition) -> Sequence[FeedEvent]:
        """The first changes after a position, up to the head (FEED_COMPACTED if the next one is no longer stored)."""

        async def work(pg: Connection) -> list[FeedEvent]:
            rows = await feed.page(pg, clinic_id, after=after.seq, limit=_PAGE)
            found = {row.id: row for row in await appointments.batch(pg, [row.appointment_id for row in rows])}
            here = {key: row for key, row in found.items() if row.clinic_id == clinic_id}
            return [
                FeedEvent(FeedPosition(after.epoch, row.seq), row, here.get(row.appointment_id))
                for number, row in enumerate(rows, after.seq + 1)
                if row.seq == number  # nothing after a gap: what was there has been deleted
            ]

        changes = await read(self._engine, work) if after.epoch == head.epoch else []
        if not changes and after < head:
            raise _compacted(head)
        return changes


class _Tail:
    """The newest changes of a clinic, shared by all streams that follow it."""

    def __init__(self, position: FeedPosition) -> None:
        self.position = position
        self.streams: set[Stream] = set()
        self._newest: deque[FeedEvent] = deque(maxlen=_REMEMBERED)
        self._failure: Exception | None = None

    def after(self, position: FeedPosition) -> Sequence[FeedEvent] | None:
        """The changes kept after a position; None if it is too far back. Raises what `fail` was given."""
        if self._failure:
            raise self._failure
        count = max(0, self.position.seq - position.seq)
        if count > len(self._newest):
            return None
        return list(islice(self._newest, len(self._newest) - count, None))

    def add(self, changes: Sequence[FeedEvent]) -> None:
        """Append changes and wake the streams."""
        self._newest.extend(changes)
        self.position = changes[-1].position
        self._wake()

    def fail(self, failure: Exception) -> None:
        """End the streams."""
        self._failure = failure
        self._wake()

    def _wake(self) -> None:
        for stream in self.streams:
            stream.wake()


def _compacted(head: FeedPosition) -> DomainError:
    return DomainError(
        Reason.FEED_COMPACTED,
        "the changes after this position are not kept, or the clinic has another time zone since: list the appointments"
        " again, then continue from the position in metadata",
        metadata={"position": str(head)},
    )
