"""Sends what the ledger says, each notice once: the ledger is written before a provider is asked, and after."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from db.errors import StateError, Unavailable
from db.postgres import notifications
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.transaction import transact
from db.postgres.notifications import ContentRow, NotificationRow
from server.domain.appointment import Status
from server.domain.ids import Clock
from server.domain.notices import Channel, Delivery, DeliveryOutcome, NoticeKind, pause_after, still_true
from server.notifications.breaker import Breaker, Call
from server.notifications.compose import letter
from server.notifications.letters import Failed, Letter, Refused, Sender, Unanswered
from server.notifications.limits import Limit

_log = structlog.get_logger()

_ENTERING = 30
"""How often, a second apart, it is tried to enter what a provider answered while the database is away."""
_LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Provider:
    """A way to send, and what guards it."""

    sender: Sender
    breaker: Breaker
    limit: Limit


class Later(Exception):
    """The notice waits; take it up again after the pause."""

    def __init__(self, pause: timedelta) -> None:
        super().__init__()
        self.pause = pause


@dataclass(frozen=True, slots=True)
class _End:
    """How far a notice is after an attempt."""

    status: Delivery
    outcome: DeliveryOutcome
    attempts: int


class Deliveries:
    """Sends notices; `stopping` ends its waiting for a provider."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        providers: Mapping[Channel, Provider],
        mail_from: str,
        stopping: asyncio.Event,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._providers = providers
        self._mail_from = mail_from
        self._stopping = stopping

    async def deliver(self, notification_id: str) -> None:
        """Send a notice that waits, as far as it is still of use. Raises Later, and StateError: then do it again."""
        if found := await self._look(notification_id):
            await self.see_to(notification_id, found)

    async def see_to(self, notification_id: str, found: NotificationRow | ContentRow) -> None:
        """As `deliver`, for a notice that was found a moment ago."""
        if found.status not in {Delivery.WAITING, Delivery.SENDING}:
            return
        if found.status == Delivery.SENDING:
            # Whoever was at it died. Whether the provider has it, nobody knows, and it would not notice a second one.
            await self._enter(notification_id, _End(Delivery.DEAD, DeliveryOutcome.OUTCOME_UNKNOWN, found.attempts))
            return
        provider = self._providers[Channel(found.channel)]
        await self._passage(provider.breaker, found.expires_at)
        with provider.breaker.enter() as call:
            await self._pause(await provider.limit.take())
            claimed = await self._claim(notification_id)
            if claimed:
                content, ready = claimed
                await self._attempt(notification_id, content, ready, provider.sender, call)

    async def _passage(self, breaker: Breaker, until: datetime) -> None:
        """Wait for the breaker, at most until the notice is of no use."""
        while (wait := breaker.wait()) > 0 and self._clock() < until:
            await self._pause(min(wait, _LOOK_SECONDS))

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
        raise Later(timedelta())

    async def _look(self, notification_id: str) -> ContentRow | None:
        async def work(pg: Connection) -> ContentRow | None:
            return await (await notifications.content(pg, notification_id)).fetchone()

        return await transact(self._engine, work)

    async def _claim(self, notification_id: str) -> tuple[ContentRow, Letter] | None:
        """Enter that it is being sent; None if it is of no use any more, or somebody else has it."""

        async def work(pg: Connection) -> tuple[ContentRow, Letter] | None:
            now = self._clock()
            found = await (await notifications.content(pg, notification_id)).fetchone()
            if found is None or found.status != Delivery.WAITING:
                return None
            useless = _uselessness(found, now)
            status = Delivery.DROPPED if useless else Delivery.SENDING
            await notifications.put(
                pg, notification_id, status, useless or DeliveryOutcome.NONE, attempts=found.attempts, now=now
            )
            return None if useless else (found, letter(notification_id, found, self._mail_from, now))

        return await transact(self._engine, work)

    async def _attempt(
        self, notification_id: str, content: ContentRow, ready: Letter, sender: Sender, call: Call
    ) -> None:
        # While it is not known whether the provider works, attempts are its trial, not the notice's.
        attempts = content.attempts + (not call.probe)
        pause = None
        try:
            await sender.send(ready)
        except Refused as refusal:
            call.ended(succeeded=True)
            end, said = _End(Delivery.DEAD, DeliveryOutcome.REFUSED, attempts), str(refusal)
        except Unanswered as silence:
            call.ended(succeeded=False)
            end, said = _End(Delivery.DEAD, DeliveryOutcome.OUTCOME_UNKNOWN, attempts), str(silence)
        except Failed as failure:
            call.ended(succeeded=False)
            pause = pause_after(attempts) if not call.probe else timedelta()
            end, said = (
                _End(Delivery.DEAD if pause is None else Delivery.WAITING, DeliveryOutcome.FAILED, attempts),
                str(failure),
            )
        else:
            call.ended(succeeded=True)
            end, said = _End(Delivery.SENT, DeliveryOutcome.NONE, attempts), ""
        await self._enter(notification_id, end)
        _log.info(
            "notification", id=notification_id, kind=content.kind, channel=content.channel, status=end.status.value,
            outcome=end.outcome.value, attempts=attempts, said=said,
        )  # fmt: skip
        if pause is not None:
            raise Later(pause)

    async def _enter(self, notification_id: str, end: _End) -> None:
        async def work(pg: Connection) -> None:
            await notifications.put(
                pg, notification_id, end.status, end.outcome, attempts=end.attempts, now=self._clock()
            )

        for _ in range(_ENTERING):
            try:
                # To enter it twice is to enter it once.
                await transact(self._engine, work, replayable=True)
            except StateError:
                await asyncio.sleep(1)
            else:
                return
        raise Unavailable("a provider's answer could not be stored")


def _uselessness(content: ContentRow, now: datetime) -> DeliveryOutcome | None:
    if now >= content.expires_at:
        return DeliveryOutcome.EXPIRED
    if content.appointment_status is None or content.start_at is None:
        return None
    true = still_true(
        NoticeKind(content.kind), Status(content.appointment_status), content.start_at, content.expires_at
    )
    return None if true else DeliveryOutcome.SUPERSEDED
