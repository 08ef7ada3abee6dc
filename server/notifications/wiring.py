"""Puts the notification worker together: the same for production and for tests."""

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Protocol

from db.postgres.cluster.clock import database_clock
from db.postgres.cluster.engines import Engine, create_engine
from db.postgres.notifications.jobs import queue as jobs
from db.valkey.client import Valkey, create_client
from db.valkey.rates import Rate
from db.valkey.read_marks import ReadMarks
from server.background_tasks import kept_up
from server.config import ConfigurationError, Settings
from server.domain.ids import Clock, system_clock, uuid7_maker
from server.domain.notices import Channel
from server.log_level import LogLevel
from server.metric_sources import Valkeys, build, database
from server.notifications.delivery import Deliverer, Deliveries, Provider
from server.notifications.ledger import Ledger
from server.notifications.limits import Limit
from server.notifications.links import Links
from server.notifications.notice_metrics import NoticeMetrics
from server.notifications.planning import NoticePlanner
from server.notifications.provider_breaker import ProviderBreaker
from server.notifications.senders.providers import LogSender, Sender
from server.notifications.senders.smtp import Relay, RelayUrlError, SmtpSender
from server.notifications.senders.sns import sns
from server.notifications.sqs import SqsConsumers, SqsRelay, sqs
from server.notifications.worker import NotificationWorker
from server.telemetry import requests
from server.telemetry.exporting import exported
from server.telemetry.exposition import exposed
from server.telemetry.readings import Readings
from server.usecases.identity.signing_keys import key_encryption_key
from server.usecases.links import appointment_links
from server.usecases.sealing import signer_of_valkey

_APPLICATION = "yoyaku-notifications"
# With two workers of YOYAKU_POOL_SIZE and one watching connection per process, a task has 20 connections.
CONNECTIONS = 2
QUEUE_CONNECTIONS = 3


class Works(Protocol):
    """A part that works until it is asked to stop."""

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set."""


async def work(settings: Settings, stop: asyncio.Event, clock: Clock | None = None) -> None:
    """Process the jobs of the queue until `stop` is set. Raises ConfigurationError."""
    async with _wired(settings, stop, clock) as workers, asyncio.TaskGroup() as group:
        for worker in workers:
            group.create_task(worker.run(stop))


@asynccontextmanager
async def _wired(settings: Settings, stop: asyncio.Event, clock: Clock | None) -> AsyncIterator[Sequence[Works]]:
    url = settings.database_url.get_secret_value()
    secret = key_encryption_key(settings.key_encryption_key.get_secret_value())
    signer = signer_of_valkey(secret)
    async with AsyncExitStack() as stack:
        engine = create_engine(url, size=CONNECTIONS, wait_seconds=settings.pool_wait_seconds, application=_APPLICATION)
        stack.push_async_callback(engine.dispose)
        valkey = create_client(*settings.cache)
        stack.push_async_callback(valkey.aclose)
        if len(engine.nodes) > 1:
            engine.marks = ReadMarks(valkey, signer)
            stack.push_async_callback(engine.marks.aclose)
            await stack.enter_async_context(engine.watched())
        if clock is None:
            clock = await stack.enter_async_context(database_clock(engine, system_clock))
        connector = await stack.enter_async_context(
            jobs(url, size=QUEUE_CONNECTIONS, wait_seconds=settings.pool_wait_seconds, application=_APPLICATION)
        )
        new_id = uuid7_maker(clock)
        providers = {
            Channel.EMAIL: _provider(_email(settings, clock), "email", settings.email_per_second, settings, valkey),
            Channel.SMS: _provider(await _sms(settings, stack), "sms", settings.sms_per_second, settings, valkey),
        }
        notice_metrics = NoticeMetrics(engine, providers)
        valkeys = Valkeys({"cache": valkey})
        stack.enter_context(
            exposed(
                Readings([build, database(engine), valkeys.read, notice_metrics.read]),
                settings.metrics_listen,
                settings.metrics_directory,
                f"notifications-{os.getpid()}",
            )
        )
        level = LogLevel(valkey, signer, settings.log_level)
        requests.watch()
        stack.enter_context(exported(settings.traces_endpoint, _APPLICATION, xray=settings.traces_format == "xray"))
        await stack.enter_async_context(kept_up([notice_metrics.run(), valkeys.run(), level.run()], stop))
        links = Links(settings.public_url, _new_code, appointment_links(secret))
        ledger = Ledger(engine, clock, new_id, links, settings.mail_from)
        deliveries = Deliveries(ledger, clock, providers, stop, patient=not settings.sqs_queue_url)
        deliverer, more = await _passed_on(settings, stack, engine, clock, deliveries)
        dead_after, planner = settings.worker_dead_after_seconds, NoticePlanner(engine, clock, new_id)
        worker = NotificationWorker(connector, engine, clock, planner, deliverer, dead_after_seconds=dead_after)
        yield [worker, *more]


async def _passed_on(
    settings: Settings, stack: AsyncExitStack, engine: Engine, clock: Clock, deliveries: Deliveries
) -> tuple[Deliverer, Sequence[Works]]:
    """What jobs hand their notices to, and what else must run: with SQS, a relay, and the consumers behind SQS."""
    if not settings.sqs_queue_url:
        return deliveries, ()
    if not settings.sqs_region:
        raise ConfigurationError("YOYAKU_SQS_QUEUE_URL needs YOYAKU_SQS_REGION, such as ap-northeast-1")
    endpoint = settings.sqs_endpoint or None
    queue = await stack.enter_async_context(
        sqs(url=settings.sqs_queue_url, region=settings.sqs_region, endpoint=endpoint)
    )
    return SqsRelay(engine, queue), (SqsConsumers(engine, clock, queue, deliveries),)


def _new_code() -> str:
    return f"{secrets.randbelow(1_000_000):06}"


def _provider(sender: Sender, name: str, per_second: float, settings: Settings, valkey: Valkey) -> Provider:
    return Provider(
        sender,
        ProviderBreaker(time.monotonic, settings.breaker_open_seconds),
        Limit(Rate(valkey, name, per_second), per_second / settings.worker_processes, time.monotonic),
    )


def _email(settings: Settings, clock: Clock) -> Sender:
    if not (url := settings.smtp_url.get_secret_value()):
        return LogSender()
    try:
        return SmtpSender(
            Relay.of(url),
            settings.mail_from,
            clock,
            timeout_seconds=settings.provider_timeout_seconds,
            authorities=settings.smtp_authorities or None,
        )
    except RelayUrlError as error:
        raise ConfigurationError(f"YOYAKU_SMTP_URL is not valid: {error}") from None
    except OSError as error:
        raise ConfigurationError(f"YOYAKU_SMTP_AUTHORITIES cannot be read: {error.strerror}") from None


async def _sms(settings: Settings, stack: AsyncExitStack) -> Sender:
    if settings.sms == "log":
        return LogSender()
    if not settings.sns_region:
        raise ConfigurationError("YOYAKU_SMS=sns needs YOYAKU_SNS_REGION, such as ap-northeast-1")
    sender = sns(
        region=settings.sns_region,
        endpoint=settings.sns_endpoint or None,
        timeout_seconds=settings.provider_timeout_seconds,
    )
    return await stack.enter_async_context(sender)
