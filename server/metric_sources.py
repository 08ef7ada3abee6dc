"""The values read from a process at each scrape (server.telemetry.readings): its servers, caches and streams."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sized
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Any

from db.errors import StateError
from db.postgres.cluster.engines import Engine
from db.postgres.cluster.routing import Freshness
from db.postgres.cluster.transaction import read
from db.postgres.recovery import steps
from db.valkey.client import Valkey, translated
from server.telemetry.readings import Source, Value

_PROBE_SECONDS = 1.0
_BACKUPS_SECONDS = 15.0


def build() -> Iterator[Value]:
    """The version."""
    yield "yoyaku_build_info", [version("yoyaku")], 1


def database(engine: Engine) -> Source:
    """Servers and connections. A single server is not monitored: whether it answers shows in calls."""

    def read() -> Iterator[Value]:
        now = time.monotonic()
        for node in engine.nodes:
            used, idle, waiting = node.pool.usage
            yield "db_client_connection_count", [node.place, "used"], used
            yield "db_client_connection_count", [node.place, "idle"], idle
            yield "db_client_connection_max", [node.place], node.pool.size
            yield "db_client_connection_pending_requests", [node.place], waiting
            if len(engine.nodes) > 1:
                yield "yoyaku_database_server_up", [node.place], float(node.state is not None)
            if node.is_standby:
                yield "yoyaku_replica_lag_seconds", [node.place], engine.lag(node, now)
        if engine.clock_skew is not None:
            yield "yoyaku_clock_skew_seconds", [], engine.clock_skew.total_seconds()
        if len(engine.nodes) > 1:
            yield "yoyaku_database_primary_up", [], float(engine.primary_answers(now))

    return read


def caches(counts: Mapping[str, Any]) -> Source:
    """Reads of each cache; `counts` are dataclasses with one number for each source that answered."""

    def read() -> Iterator[Value]:
        for cache, sources in counts.items():
            for source, count in asdict(sources).items():
                yield "yoyaku_cache_reads", [cache, source], count

    return read


def signing_key(age: Callable[[], timedelta | None]) -> Source:
    """The age of the key that signs tokens, once it is known."""

    def read() -> Iterator[Value]:
        if (known := age()) is not None:
            yield "yoyaku_signing_key_age_seconds", [], known.total_seconds()

    return read


class BackupTimes:
    """When each step of the backups last succeeded, as the database notes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._times: Mapping[str, datetime] = {}

    async def run(self) -> None:
        """Ask every 15 seconds until cancelled."""
        while True:
            with suppress(StateError):
                self._times = await read(self._engine, steps.last_successes, Freshness.PRIMARY_FIRST)
            await asyncio.sleep(_BACKUPS_SECONDS)

    def read(self) -> Iterator[Value]:
        """The times that were last read."""
        for step, at in self._times.items():
            yield "yoyaku_backup_succeeded_timestamp_seconds", [step], at.timestamp()


def streams(opened: Sized) -> Source:
    """How many streams are open."""
    return lambda: [("yoyaku_streams_open", [], len(opened))]


class Valkeys:
    """Checks whether the Valkey servers, named by their use, answer."""

    def __init__(self, clients: Mapping[str, Valkey]) -> None:
        self._clients = clients
        self._up = dict.fromkeys(clients, True)

    async def run(self) -> None:
        """Check every second until cancelled."""
        while True:
            for use, client in self._clients.items():
                self._up[use] = await _answers(client)
            await asyncio.sleep(_PROBE_SECONDS)

    def read(self) -> Iterator[Value]:
        """Whether each answered when it was last checked."""
        for use, up in self._up.items():
            yield "yoyaku_valkey_up", [use], float(up)


async def _answers(client: Valkey) -> bool:
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            with translated():
                await client.ping()
    except (StateError, TimeoutError):
        return False
    return True
