"""Runs a worker: its background tasks, its metrics, and how it ends."""

import asyncio
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import asdict

import structlog

from server.background_tasks import kept_up
from server.config import Settings
from server.metric_sources import build, caches, database, signing_key, streams
from server.parts import Parts
from server.telemetry import requests
from server.telemetry.exporting import exported
from server.telemetry.exposition import exposed
from server.telemetry.readings import Readings
from server.wiring import wired


def background(parts: Parts, stop: asyncio.Event | None = None) -> AbstractAsyncContextManager[None]:
    """The background tasks of a worker."""
    runners = (
        parts.housekeeping,
        parts.streams,
        parts.places,
        parts.feed,
        parts.tokens,
        parts.announcer,
        parts.valkeys,
        parts.backup_times,
        parts.log_level,
        parts.stalled_readers,
        parts.no_shows,
        parts.move_offers,
    )
    runs = [each.run() for each in runners]
    return kept_up((*runs, *parts.hub.loops(), *parts.queue_watch.loops()), stop or asyncio.Event())


def measured(settings: Settings, parts: Parts) -> AbstractContextManager[None]:
    """Serve a worker's metrics at YOYAKU_METRICS_LISTEN, if that is set."""
    requests.watch()
    counts = {"day": parts.days.counts, "doctor": parts.doctors.counts, "patient": parts.patients.counts}
    sources = [
        build,
        database(parts.engine),
        caches(counts),
        streams(parts.streams),
        signing_key(parts.keys.age),
        parts.valkeys.read,
        parts.backup_times.read,
    ]
    return exposed(Readings(sources), settings.metrics_listen, settings.metrics_directory, f"server-{settings.port}")


def _traced(settings: Settings) -> AbstractContextManager[None]:
    return exported(settings.traces_endpoint, "yoyaku-server", xray=settings.traces_format == "xray")


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Serve until `stop` is set, then drain: first tell load balancers, then let running calls end.

    OSError if the port is taken, KeyRingError if a master key of medical records is missing, BrokenError after a drain
    that a failed background task caused.
    """
    async with wired(settings) as parts, background(parts, stop):
        await parts.record_keys.check()
        await parts.server.start(settings.listen)
        await parts.capacity.check()
        with measured(settings, parts), _traced(settings):
            await stop.wait()
            await parts.server.turn_away()
            # Streams are ended in the second half of the time, when load balancers no longer send them here.
            half = settings.drain_seconds / 2
            await asyncio.sleep(half)
            await asyncio.gather(parts.streams.drain(half), asyncio.sleep(half))
            await parts.server.stop(settings.grace_seconds)
        log = structlog.get_logger()
        log.info("days served", **asdict(parts.days.counts))
        log.info("doctors served", **asdict(parts.doctors.counts))
        log.info("patients served", **asdict(parts.patients.counts))
