"""The ledger of notices: it is updated before a provider is called, and after, so that each is sent once."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import structlog

from db.errors import StateError, Unreachable
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.transaction import transact
from db.postgres.notifications import notifications
from db.postgres.notifications.content import ContentRow, SiblingRow, content_of
from db.postgres.notifications.notifications import SeriesEntries
from server.domain.booking.appointment import AppointmentStatus
from server.domain.ids import Clock, IdMaker
from server.domain.notices import (
    ADDRESSED,
    OF_PASSWORDS,
    Channel,
    Delivery,
    DeliveryOutcome,
    NoticeKind,
    channel_for,
    left_behind,
    still_true,
)
from server.notifications.letters import Letter, Way, letter
from server.notifications.links import Enclosed, Links
from server.telemetry import metrics, traces
from server.usecases.notices import new_notice

_log = structlog.get_logger()

_ENTERING = 30
"""How often, a second apart, recording a provider's answer is tried while the database is unavailable."""


_NEWER_RELEASE = timedelta(seconds=10)


class Later(Exception):
    """The notice is still waiting; try again after the pause."""

    def __init__(self, pause: timedelta) -> None:
        super().__init__()
        self.pause = pause


def kind_of(name: str) -> NoticeKind:
    """The kind of a notice. Raises Later for one of a newer release, whose workers will send it."""
    try:
        return NoticeKind(name)
    except ValueError:
        _log.warning("a notice waits for a worker of a newer release, which knows its kind", kind=name)
        raise Later(_NEWER_RELEASE) from None


@dataclass(frozen=True, slots=True)
class AttemptEnd:
    """The status of a notice after an attempt."""

    status: Delivery
    outcome: DeliveryOutcome
    attempts: int


class Ledger:
    """Claims notices for sending, and records what came of it."""

    def __init__(self, engine: Engine, clock: Clock, new_id: IdMaker, links: Links, mail_from: str) -> None:
        self._engine = engine
        self._clock = clock
        self._new_id = new_id
        self._links = links
        self._mail_from = mail_from

    async def look(self, notification_id: str) -> ContentRow | None:
        """A notice as it is now."""

        async def work(pg: Connection) -> ContentRow | None:
            return await (await content_of(pg, notification_id)).fetchone()

        return await transact(self._engine, work)

    async def claim(self, notification_id: str, channel: Channel) -> tuple[ContentRow, Letter] | None:
        """Record that it is being sent over a channel; None if it is useless by now or another worker has it.

        Recipient and channel are decided here, from the patient's present data. Raises Later if the channel is another
        one.
        """

        async def work(pg: Connection) -> tuple[ContentRow, Channel, Letter] | None:
            now = self._clock()
            found = await (await content_of(pg, notification_id)).fetchone()
            if found is None or found.status != Delivery.WAITING:
                return None
            current, recipient = _way(found)
            enclosed = Enclosed()
            if useless := _uselessness(found, now):
                end = Delivery.DROPPED, useless
            elif not self._links.can_write(NoticeKind(found.kind)):
                _log.error("a mail needs a link: set YOYAKU_PUBLIC_URL for notification workers too", kind=found.kind)
                end = Delivery.DEAD, DeliveryOutcome.FAILED
            else:
                await self._withdraw(pg, found, recipient, now)
                enclosed = await self._links.enclose(pg, notification_id, found, current, recipient)
                end = _beginning(channel, current)
            entries = _brought(found)
            await notifications.take_up(
                pg, notification_id, *end, channel=current, recipient=recipient, now=now, entries=entries
            )
            if end[0] in {Delivery.DROPPED, Delivery.DEAD}:
                return None
            # Before the COMMIT: a letter that cannot be written leaves the notice waiting, as no provider has it.
            way = Way(current, recipient, self._mail_from)
            return found, current, letter(notification_id, found, way, enclosed, now)

        claimed = await transact(self._engine, work)
        if claimed is None:
            return None
        content, current, ready = claimed
        if current is not channel:
            raise Later(timedelta())
        return content, ready

    async def _withdraw(self, pg: Connection, content: ContentRow, recipient: str, now: datetime) -> None:
        """Withdraw calendar entries from addresses that this notice does not go to: one mail to each."""
        for address, (first, *others) in _left_behind(content, recipient, now).items():
            row = new_notice(
                self._new_id(),
                NoticeKind.WITHDRAWAL,
                now,
                first.start_at,
                recipient=address,
                appointment_id=first.appointment_id,
                version=first.version,
            )
            entries = {each.appointment_id: (each.version, each.start_at.timestamp()) for each in others}
            await notifications.add(pg, row, traces.traceparent(), entries or None)

    async def enter(self, notification_id: str, end: AttemptEnd) -> None:
        """Record how an attempt ended; Unreachable if the database stays away for half a minute."""

        async def work(pg: Connection) -> None:
            await notifications.put(
                pg, notification_id, end.status, end.outcome, attempts=end.attempts, now=self._clock()
            )

        if end.status is Delivery.DEAD:
            metrics.DEAD_LETTERS.labels(end.outcome.value).inc()
        for _ in range(_ENTERING):
            try:
                # Recording it twice has the same effect as once.
                await transact(self._engine, work, replayable=True)
            except StateError:
                await asyncio.sleep(1)
            else:
                return
        raise Unreachable("a provider's answer could not be stored")


class _Held(NamedTuple):
    """A calendar entry that an address holds."""

    appointment_id: str
    version: int
    start_at: datetime


def _left_behind(content: ContentRow, recipient: str, now: datetime) -> dict[str, list[_Held]]:
    """The entries that a notice puts out of date where they lie, by address."""
    own = (content.appointment_id, content.version, content.holder, content.holder_start_at)
    found: dict[str, list[_Held]] = {}
    for appointment_id, version, holder, start_at in [own, *map(_sibling, content.series)]:
        if appointment_id is None or start_at is None or start_at <= now:
            continue
        if left_behind(NoticeKind(content.kind), holder, recipient):
            found.setdefault(holder, []).append(_Held(appointment_id, version, start_at))
    return found


def _sibling(row: SiblingRow) -> tuple[str, int, str, datetime | None]:
    start_at = None if row.holder_start is None else datetime.fromtimestamp(row.holder_start, UTC)
    return row.id, row.version, row.holder, start_at


def _brought(content: ContentRow) -> SeriesEntries | None:
    """The entries of a series that a notice brings beside its own: who gets it holds them from then on."""
    if content.kind not in {NoticeKind.CONFIRMATION, NoticeKind.CHANGE}:
        return None
    return {each.id: (each.version, each.start) for each in content.series} or None


def _way(content: ContentRow) -> tuple[Channel, str]:
    """The channel over which a notice goes now, and the address or number."""
    if content.kind in ADDRESSED:
        return Channel(content.channel), content.recipient
    return channel_for(content.email, content.phone)


def _beginning(channel: Channel, current: Channel) -> tuple[Delivery, DeliveryOutcome]:
    """The new status of a notice that was to go over `channel`, when the patient is reached over `current`."""
    if current is Channel.NONE:
        return Delivery.DROPPED, DeliveryOutcome.NO_ADDRESS
    return Delivery.SENDING if current is channel else Delivery.WAITING, DeliveryOutcome.NONE


def _uselessness(content: ContentRow, now: datetime) -> DeliveryOutcome | None:
    if now >= content.expires_at:
        return DeliveryOutcome.EXPIRED
    if (
        content.kind in {NoticeKind.CONTACT_CODE, NoticeKind.TURN, NoticeKind.MOVE_OFFER, *OF_PASSWORDS}
        and not content.still_wanted
    ):
        return DeliveryOutcome.SUPERSEDED
    if content.appointment_status is None or content.start_at is None:
        return None
    true = still_true(
        NoticeKind(content.kind), AppointmentStatus(content.appointment_status), content.start_at, content.expires_at
    )
    return None if true else DeliveryOutcome.SUPERSEDED
