"""Amazon SQS between the job queue and delivery, where it is configured.

The ledger and the jobs in PostgreSQL stay the truth. A message is the id of a notice; it may be lost or come twice, and
the notice is still sent once. Messages about an appointment form a group, so that SQS hands out one at a time.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, NamedTuple

import structlog
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from db.errors import StateError
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.transaction import transact
from db.postgres.notifications import notifications
from db.postgres.notifications.content import ContentRow
from db.postgres.notifications.notifications import NotificationRow
from server.domain.ids import Clock
from server.domain.notices import Delivery
from server.notifications.delivery import Deliveries
from server.notifications.ledger import Later
from server.telemetry.logs import place_of
from server.telemetry.traces import continued, traceparent

_log = structlog.get_logger()

CONSUMERS = 3
_WAIT_SECONDS = 5
"""How long a request for a message stays open; a consumer that is asked to stop ends within that time."""
_TIMEOUT_SECONDS = 10
_PAUSE = timedelta(seconds=5)
"""After a request that failed."""
_TRACE = "traceparent"
_ATTRIBUTES = {"messaging.system": "aws_sqs", "messaging.operation.type": "process"}
"""What a span says of a message."""
_UNREACHABLE = (BotoCoreError, ClientError, HTTPClientError, TimeoutError)


class Message(NamedTuple):
    """A message that was received: a notice, a receipt to delete the message with, and the trace that it is part of."""

    notification_id: str
    receipt: str
    trace: str | None


class NoticeQueue:
    """A FIFO queue of SQS with ids of notices. Methods raise one of `_UNREACHABLE` if SQS does not do its part."""

    def __init__(self, client: Any, url: str) -> None:
        self._client = client
        self._url = url

    async def send(self, notice: NotificationRow) -> None:
        """Add a notice. The same one in the same state is added once in five minutes."""
        trace = traceparent()
        await self._client.send_message(
            MessageAttributes={_TRACE: {"DataType": "String", "StringValue": trace}} if trace else {},
            QueueUrl=self._url,
            MessageBody=notice.id,
            MessageGroupId=notice.appointment_id or notice.id,
            MessageDeduplicationId=f"{notice.id}.{notice.updated_at.timestamp()}",
        )

    async def receive(self) -> Message | None:
        """The next message, if one comes soon."""
        answer = await self._client.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=1,
            WaitTimeSeconds=_WAIT_SECONDS,
            MessageAttributeNames=[_TRACE],
        )
        for message in answer.get("Messages", ()):
            trace = message.get("MessageAttributes", {}).get(_TRACE, {}).get("StringValue")
            return Message(message["Body"], message["ReceiptHandle"], trace)
        return None

    async def delete(self, receipt: str) -> None:
        """Delete a message that was received."""
        await self._client.delete_message(QueueUrl=self._url, ReceiptHandle=receipt)


class SqsRelay:
    """Passes notices on to SQS, for consumers that deliver them."""

    def __init__(self, engine: Engine, queue: NoticeQueue) -> None:
        self._engine = engine
        self._queue = queue
        self._reachable = True

    async def deliver(self, notification_id: str) -> None:
        """Pass on an unfinished notice. Raises Later, after which call it again."""

        async def work(pg: Connection) -> NotificationRow | None:
            return await (await notifications.get_locked(pg, notification_id)).fetchone()

        if found := await transact(self._engine, work):
            await self.see_to(notification_id, found)

    async def see_to(self, notification_id: str, found: NotificationRow | ContentRow) -> None:
        """As `deliver`, for a notice that has just been read."""
        if not isinstance(found, NotificationRow):
            return await self.deliver(notification_id)
        if found.status not in {Delivery.WAITING, Delivery.SENDING}:
            return None
        try:
            await self._queue.send(found)
        except _UNREACHABLE as error:
            self._note(reachable=False, failure=place_of(error))
            raise Later(_PAUSE) from None
        self._note(reachable=True)
        return None

    def _note(self, *, reachable: bool, **more: str) -> None:
        if reachable != self._reachable:
            self._reachable = reachable
            _log.warning("notices reach SQS again" if reachable else "SQS takes no notices; they wait", **more)


class SqsConsumers:
    """Deliver the notices that come from SQS.

    A notice that must be tried again later goes back to the job queue, with its pause: every receipt of a message
    counts towards the dead-letter queue, and SQS knows no pause for a single message of a FIFO queue.
    """

    def __init__(self, engine: Engine, clock: Clock, queue: NoticeQueue, deliveries: Deliveries) -> None:
        self._engine = engine
        self._clock = clock
        self._queue = queue
        self._deliveries = deliveries

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then finish what is being sent; survives outages of SQS and of the database."""
        async with asyncio.TaskGroup() as group:
            for _ in range(CONSUMERS):
                group.create_task(self._consume(stop))

    async def _consume(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                # A message that is received while there is no database would only come nearer to the dead letters.
                await transact(self._engine, notifications.reach)
                if message := await self._queue.receive():
                    await self._process(message)
            except (*_UNREACHABLE, StateError) as error:
                _log.warning("notices of SQS have to wait", failure=place_of(error))
                await _pause(stop, _PAUSE)
            except Exception as error:
                _log.error("a notice of SQS failed and will come again", failure=place_of(error))
                await _pause(stop, _PAUSE)

    async def _process(self, message: Message) -> None:
        try:
            with continued("deliver", message.trace, _ATTRIBUTES):
                await self._deliveries.deliver(message.notification_id)
        except Later as later:
            notification_id, pause, trace, now = message.notification_id, later.pause, message.trace, self._clock()
            await transact(self._engine, lambda pg: notifications.queue_again(pg, notification_id, pause, now, trace))
        await self._queue.delete(message.receipt)


async def _pause(stop: asyncio.Event, pause: timedelta) -> None:
    try:
        await asyncio.wait_for(stop.wait(), pause.total_seconds())
    except TimeoutError:
        return


@asynccontextmanager
async def sqs(*, url: str, region: str, endpoint: str | None) -> AsyncIterator[NoticeQueue]:
    """The queue at a URL; credentials come from the usual places of AWS clients."""
    # What is sent twice counts once, so requests may be repeated.
    config = AioConfig(
        connect_timeout=2, read_timeout=_TIMEOUT_SECONDS, retries={"total_max_attempts": 2}, max_pool_connections=20
    )
    async with get_session().create_client("sqs", region_name=region, endpoint_url=endpoint, config=config) as client:
        yield NoticeQueue(client, url)
