"""Three consumers of the queue, for email, text messages and everything else, so that none delays another."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import structlog
from procrastinate import App, BaseRetryStrategy, JobContext, PsycopgConnector, RetryDecision
from procrastinate.jobs import Job
from procrastinate.utils import utcnow
from procrastinate.worker import Worker

from db.postgres.cluster.engines import Engine
from db.postgres.cluster.transaction import transact
from db.postgres.notifications import lost, notifications
from server.domain.ids import Clock
from server.domain.notices import Channel, Delivery
from server.notifications.delivery import Deliverer
from server.notifications.ledger import Later, kind_of
from server.notifications.planning import NoticePlanner
from server.telemetry.logs import place_of
from server.telemetry.traces import continued

_log = structlog.get_logger()

OTHERS = "changes"
"""The queue of jobs that send nothing to anybody, and of periodic jobs."""
AT_ONCE = {OTHERS: 2, Channel.EMAIL.value: 5, Channel.SMS.value: 5}
"""How many jobs of a queue run at once in a process: the bulkhead of each provider."""
_POLL_SECONDS = 0.25
_TEND = "* * * * * */5"
"""When to look for due reminders and for jobs of dead workers: cron, with seconds in the last field."""
_LOOK_FOR_LOST = timedelta(minutes=1)
LOST_AFTER = timedelta(minutes=30)
"""When a notice counts as lost that no job sees to: SQS gives up a message after 15 minutes."""
_BEATS = 6
"""How many heartbeats a worker sends in the time after which it would count as dead."""
_GRACE_SECONDS = 10.0
_RESTART_SECONDS = 1.0
_LONGEST_PAUSE = 6


class _RetryWithoutLimit(BaseRetryStrategy):
    """Jobs are retried without limit: the ledger decides when a notice ends. The queue uses the database's clock."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
        now = utcnow() - (self._engine.clock_skew or timedelta())
        if isinstance(exception, Later):
            return RetryDecision(retry_at=now + exception.pause)
        return RetryDecision(retry_at=now + timedelta(seconds=2 ** min(job.attempts, _LONGEST_PAUSE)))


class NotificationWorker:
    """Processes the jobs of the queue."""

    def __init__(
        self,
        connector: PsycopgConnector,
        engine: Engine,
        clock: Clock,
        planning: NoticePlanner,
        deliveries: Deliverer,
        *,
        dead_after_seconds: float,
    ) -> None:
        """After `dead_after_seconds` without a heartbeat a worker counts as dead, and others take over its jobs."""
        self._app = App(connector=connector)
        self._engine = engine
        self._clock = clock
        self._planning = planning
        self._deliveries = deliveries
        self._dead_after_seconds = dead_after_seconds
        self._looks_for_lost_at = clock()
        retry = _RetryWithoutLimit(engine)
        self._app.task(name="announce", retry=retry, pass_context=True)(self._announce)
        self._app.task(name="deliver", retry=retry, pass_context=True)(self._deliver)
        tend = self._app.task(name="tend", queue=OTHERS, retry=retry)(self._tend)
        self._app.periodic(cron=_TEND)(tend)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then finish what is being sent; survives outages of the database."""
        async with asyncio.TaskGroup() as group:
            for queue, at_once in AT_ONCE.items():
                group.create_task(self._consume(queue, at_once, stop))

    async def _consume(self, queue: str, at_once: int, stop: asyncio.Event) -> None:
        while not stop.is_set():
            worker = self._consumer(queue, at_once)
            consumer = asyncio.create_task(worker.run())  # type: ignore[no-untyped-call]
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({consumer, stopping}, return_when=asyncio.FIRST_COMPLETED)
            # Not cancelled: before Python 3.12, a cancellation is lost that comes as the worker gets a connection.
            worker.stop()  # type: ignore[no-untyped-call]
            stopping.cancel()
            await asyncio.wait({consumer})
            if error := consumer.exception():
                _log.error("consumer ended unexpectedly and was restarted", queue=queue, failure=place_of(error))
                await asyncio.sleep(_RESTART_SECONDS)

    def _consumer(self, queue: str, at_once: int) -> Worker:
        return Worker(
            self._app,
            queues=[queue],
            name=queue,
            concurrency=at_once,
            fetch_job_polling_interval=_POLL_SECONDS,
            listen_notify=False,
            shutdown_graceful_timeout=_GRACE_SECONDS,
            delete_jobs="successful",
            install_signal_handlers=False,
            update_heartbeat_interval=self._dead_after_seconds / _BEATS,
            stalled_worker_timeout=self._dead_after_seconds,
        )

    async def _announce(
        self,
        context: JobContext,
        appointment_id: str,
        kind: str,
        version: int,
        start_at: str,
        traceparent: str | None = None,
    ) -> None:
        with continued("announce", traceparent, _attributes(context)), _failures_noted():
            starts = datetime.fromisoformat(start_at)
            notice = await self._planning.plan_notices(appointment_id, kind_of(kind), version, starts)
            # The job that plans a notice also delivers it. If it dies on the way, it runs again and finds the entry. If
            # the notice is already being sent on the job's first run, a duplicate of the job is sending it.
            if notice and (context.job.attempts or notice.status != Delivery.SENDING):
                await self._deliveries.see_to(notice.id, notice)

    async def _deliver(self, context: JobContext, notification_id: str, traceparent: str | None = None) -> None:
        with continued("deliver", traceparent, _attributes(context)), _failures_noted():
            await self._deliveries.deliver(notification_id)

    async def _tend(self, timestamp: int) -> None:  # noqa: ARG002  # procrastinate passes it
        with _failures_noted():
            await transact(self._engine, lambda pg: notifications.queue_due(pg, self._clock()))
            await self._take_up_jobs_of_the_dead()
            await self._take_up_what_is_lost()

    async def _take_up_jobs_of_the_dead(self) -> None:
        manager = self._app.job_manager
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=self._dead_after_seconds):
            _log.warning("a dead worker's job was taken over", job=job.id, task=job.task_name)
            await manager.retry_job(job)

    async def _take_up_what_is_lost(self) -> None:
        """Once a minute: what no job sees to has been lost on its way, as when somebody purges the queue of SQS."""
        now = self._clock()
        if now < self._looks_for_lost_at:
            return
        self._looks_for_lost_at = now + _LOOK_FOR_LOST
        if number := await transact(self._engine, lambda pg: lost.queue(pg, now, now - LOST_AFTER)):
            _log.warning("notices that were lost on their way are taken up again", number=number)


def _attributes(context: JobContext) -> dict[str, str | int]:
    """What a span says of a job."""
    return {
        "messaging.system": "procrastinate",
        "messaging.operation.type": "process",
        "messaging.destination.name": context.job.queue,
        "yoyaku.attempts": context.job.attempts,
    }


@contextmanager
def _failures_noted() -> Iterator[None]:
    try:
        yield
    except Later:
        raise
    except Exception as error:
        _log.error("job failed and will be retried", failure=place_of(error))
        raise
