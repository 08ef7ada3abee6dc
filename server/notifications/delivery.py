"""Sends the notices of the ledger, each once."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from opentelemetry.trace import SpanKind

from db.postgres.notifications.content import ContentRow
from db.postgres.notifications.notifications import NotificationRow
from server.domain.ids import Clock
from server.domain.notices import Channel, Delivery, DeliveryOutcome, pause_after
from server.notifications.ledger import AttemptEnd, Later, Ledger, kind_of
from server.notifications.letters import Letter
from server.notifications.limits import Limit
from server.notifications.provider_breaker import ProviderBreaker, ProviderCall
from server.notifications.senders.providers import Failed, LetterRefused, Sender, Unaddressable, Unanswered
from server.telemetry import metrics, traces

_log = structlog.get_logger()

_LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Provider:
    """A sender, with the breaker and the limit that protect it."""

    sender: Sender
    breaker: ProviderBreaker
    limit: Limit


class Deliverer(Protocol):
    """Sees to it that notices are sent. Both methods raise Later and StateError, after which call them again."""

    async def deliver(self, notification_id: str) -> None:
        """See to a waiting notice, if it is still useful."""

    async def see_to(self, notification_id: str, found: NotificationRow | ContentRow) -> None:
        """As `deliver`, for a notice that has just been read."""


class Deliveries:
    """Sends notices; setting `stopping` ends any wait for a provider.

    `patient`: it waits while a provider's breaker is open; else it raises Later.
    """

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        providers: Mapping[Channel, Provider],
        stopping: asyncio.Event,
        *,
        patient: bool,
    ) -> None:
        self._patient = patient
        self._ledger = ledger
        self._clock = clock
        self._providers = providers
        self._stopping = stopping

    async def deliver(self, notification_id: str) -> None:
        """Send a waiting notice if it is still useful. Raises Later and StateError, after which call it again."""
        with traces.span("look"):
            found = await self._ledger.look(notification_id)
        if found:
            await self.see_to(notification_id, found)

    async def see_to(self, notification_id: str, found: NotificationRow | ContentRow) -> None:
        """As `deliver`, for a notice that has just been read."""
        if found.status not in {Delivery.WAITING, Delivery.SENDING}:
            return
        if found.status == Delivery.SENDING:
            # The worker that was sending it died. The provider may have it, and would send a second one too.
            await self._ledger.enter(
                notification_id, AttemptEnd(Delivery.DEAD, DeliveryOutcome.OUTCOME_UNKNOWN, found.attempts)
            )
            return
        kind_of(found.kind)
        channel = Channel(found.channel)
        if channel is Channel.NONE:
            await self._ledger.claim(notification_id, channel)
            return
        provider = self._providers[channel]
        await self._passage(provider.breaker, found.expires_at)
        with provider.breaker.enter() as call:
            with traces.span("wait for the limit"):
                await self._pause(await provider.limit.take())
            with traces.span("claim"):
                claimed = await self._ledger.claim(notification_id, channel)
            if claimed:
                content, ready = claimed
                await self._attempt(notification_id, content, ready, provider.sender, call)

    async def _passage(self, breaker: ProviderBreaker, until: datetime) -> None:
        """Wait for the breaker, at most until the notice is useless."""
        while (wait := breaker.wait()) > 0 and self._clock() < until:
            if not self._patient:
                raise Later(timedelta(seconds=wait))
            await self._pause(min(wait, _LOOK_SECONDS))

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
        raise Later(timedelta())

    async def _attempt(
        self, notification_id: str, content: ContentRow, ready: Letter, sender: Sender, call: ProviderCall
    ) -> None:
        # While it is unknown whether the provider works, an attempt tests the provider, and is not the notice's.
        attempts = content.attempts + (not call.probe)
        pause = None
        began = time.perf_counter()
        try:
            with traces.span("send", {"yoyaku.channel": content.channel}, SpanKind.CLIENT):
                await sender.send(ready)
        except Unaddressable:
            end, said = AttemptEnd(Delivery.DEAD, DeliveryOutcome.BAD_ADDRESS, content.attempts), "not an address"
        except LetterRefused as refusal:
            call.ended(succeeded=True)
            end, said = AttemptEnd(Delivery.DEAD, DeliveryOutcome.REFUSED, attempts), str(refusal)
        except Unanswered as silence:
            call.ended(succeeded=False)
            end, said = AttemptEnd(Delivery.DEAD, DeliveryOutcome.OUTCOME_UNKNOWN, attempts), str(silence)
        except Failed as failure:
            call.ended(succeeded=False)
            pause = pause_after(attempts) if not call.probe else timedelta()
            end, said = (
                AttemptEnd(Delivery.DEAD if pause is None else Delivery.WAITING, DeliveryOutcome.FAILED, attempts),
                str(failure),
            )
        else:
            call.ended(succeeded=True)
            end, said = AttemptEnd(Delivery.SENT, DeliveryOutcome.NONE, attempts), ""
        metrics.sent(content.channel, end.outcome.value or end.status.value, time.perf_counter() - began)
        with traces.span("enter in the ledger", {"yoyaku.status": end.status, "yoyaku.outcome": end.outcome}):
            await self._ledger.enter(notification_id, end)
        _log.info(
            "notification", id=notification_id, kind=content.kind, channel=content.channel, status=end.status.value,
            outcome=end.outcome.value, attempts=end.attempts, said=said,
        )  # fmt: skip
        if pause is not None:
            raise Later(pause)
