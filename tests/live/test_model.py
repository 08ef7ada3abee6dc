"""Streams never lie: a model of writers and readers, with Valkey, publishes and a worker lost in the middle."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis.asyncio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from server.local.processes import ports
from server.local.processes.process import Process
from server.local.servers import valkey
from tests.fixtures.valkey import PASSWORD
from tests.fixtures.workers import Fleet
from tests.live.model import check

SECONDS = 9.0


class OwnValkey:
    """A Valkey that only this test uses, and may kill."""

    def __init__(self, home: Path) -> None:
        self.home = home
        [self.port] = ports.free(1)
        self.process: Process = self.launch()

    def launch(self) -> Process:
        """Start it."""
        self.process = valkey.launch(self.home / "data", self.home / "log", port=self.port, password=PASSWORD)
        valkey.await_ready(self.process, port=self.port, password=PASSWORD)
        return self.process


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[OwnValkey]:
    """Its Valkey, running."""
    own = OwnValkey(tmp_path)
    yield own
    own.process.stop(seconds=valkey.STOP_SECONDS)


@pytest.fixture
def valkey_urls(own_valkey: OwnValkey) -> dict[str, str]:
    """Workers of this module use the test's own."""
    names = ("cache_url", "token_store_url")
    return {name: valkey.url(own_valkey.port, PASSWORD, number) for number, name in enumerate(names)}


async def test_with_valkey_killed_and_started_again(fleet: Fleet, own_valkey: OwnValkey) -> None:
    async def trouble() -> None:
        own_valkey.process.stop(seconds=0)
        await asyncio.sleep(2)
        own_valkey.launch()

    town = await check(fleet, trouble, seconds=SECONDS)
    assert town.written > 50
    assert town.restarts > 10


async def test_with_publishes_that_are_lost(fleet: Fleet, own_valkey: OwnValkey) -> None:
    async with redis.asyncio.Redis.from_url(valkey.url(own_valkey.port, PASSWORD)) as client:
        stopped = asyncio.Event()

        async def hang_up_on_listeners() -> int:
            lost = 0
            while not stopped.is_set():
                lost += await client.client_kill_filter(_type="pubsub")
                await asyncio.sleep(0.1)
            return lost

        hanging_up = asyncio.create_task(hang_up_on_listeners())
        town = await check(fleet, lambda: asyncio.sleep(3), seconds=SECONDS)
        stopped.set()
        assert await hanging_up > 5
    assert town.written > 50


async def test_with_a_worker_killed_and_started_again(fleet: Fleet) -> None:
    async def trouble() -> None:
        await fleet.restart(0)
        health = health_pb2_grpc.HealthStub(fleet.channels[0])
        await health.Check(health_pb2.HealthCheckRequest(), wait_for_ready=True, timeout=20)

    town = await check(fleet, trouble, seconds=SECONDS)
    assert town.written > 50
