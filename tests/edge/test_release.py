"""Another release takes over behind Envoy, under load: the one before this one, this one, and one that is broken."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from db.postgres import schema
from server.config import Settings
from server.local import LocalError
from server.local.processes import ports
from server.local.servers import workers
from server.local.servers.fleet import Fleet
from server.local.servers.postgres import PostgresServer
from server.local.servers.workers import HERE, Release
from server.local.state import StackState
from tests.edge.clinic import Stack, fill
from tests.edge.envoys import NO_LIMITS, Edge, running_envoy, wait_for_readyz
from tests.edge.rest import Rest
from tests.edge.test_workers import Seen, bad, load, watching
from tests.fixtures.predecessor import altered, installed, predecessor
from tests.fixtures.valkey import emptied
from tests.fixtures.waiting import eventually

WORKERS = 2
SECONDS = 1.0
"""For each share of the calls."""
LONGER_SECONDS = 30.0
AWAY_SECONDS = 2.0
"""The longest time that a stream may be away."""


@dataclass
class Place:
    """Workers behind Envoy, and a database that both releases work with."""

    fleet: Fleet
    edge: Edge
    stack: Stack
    before: Release
    database_url: str


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return installed(predecessor(), tmp_path_factory.mktemp("before") / "release")


@pytest.fixture(scope="module")
def environment(postgres_cluster: PostgresServer, valkey_port: int, before: Release) -> Iterator[dict[str, str]]:
    """Settings of both; the schema is that of the release before, and what this one needs beside it."""
    postgres_cluster.query("CREATE DATABASE two_releases")
    names = {"database_url": postgres_cluster.url("two_releases"), "key_encryption_key": "A" * 43 + "="}
    settings = {f"YOYAKU_{name.upper()}": value for name, value in (names | emptied(valkey_port)).items()}
    workers.migrate(settings, before)
    workers.migrate_before(HERE, settings)
    yield settings
    postgres_cluster.query("DROP DATABASE two_releases WITH (FORCE)")


@pytest.fixture(scope="module")
def place(environment: dict[str, str], before: Release, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    home = tmp_path_factory.mktemp("two releases")
    settings = {name.removeprefix("YOYAKU_").lower(): value for name, value in environment.items()}
    clinic = asyncio.run(fill(Settings(**settings)))  # type: ignore[arg-type]
    [unused] = ports.free(1)
    state = StackState(edge="", edge_tls="", admin=f"http://127.0.0.1:{unused}", grpc="")
    fleet = Fleet(state, lambda _: None, lambda name: home / f"{name}.log", home)
    fleet.release = before
    fleet.start(WORKERS, environment)
    try:
        with running_envoy(home, workers=fleet.addresses, limits=NO_LIMITS) as edge:
            wait_for_readyz(edge, 200)
            state.admin = edge.admin
            process = next(iter(fleet.parts.values())).process
            stack = Stack(clinic, process, 0, lambda *_: process, environment)
            yield Place(fleet, edge, stack, before, settings["database_url"])
    finally:
        fleet.stop()


@pytest.fixture
def rest(place: Place) -> Iterator[Rest]:
    with httpx.Client(base_url=place.edge.url, timeout=20) as http:
        rest = Rest(http, place.stack)
        eventually(lambda: rest("patient", "GET", "/api/doctors").status_code == 200)
        yield rest


def failed_reads(seen: Seen) -> int:
    return sum(count for (kind, status, _), count in seen.items() if kind == "read" and status >= 500)


def test_this_release_and_the_one_before_take_over_from_each_other_without_a_failed_call(
    place: Place, rest: Rest
) -> None:
    assert place.fleet.release == place.before
    with load(rest) as seen, watching(rest, place.edge) as days:
        for release in (HERE, place.before, HERE):
            place.fleet.shift(release, SECONDS)
            assert place.fleet.release == release
        asyncio.run(schema.upgrade(place.database_url))
        enough = sum(seen.values()) + 100
        eventually(lambda: sum(seen.values()) > enough and days.open)
    assert not bad(seen, "read")
    assert not bad(seen, "book")
    assert seen["book", 201, ""] > 0
    assert days.failures == []
    assert days.closings > 0
    assert days.away < AWAY_SECONDS


def test_a_release_that_fails_calls_is_taken_back(place: Place, rest: Rest, tmp_path: Path) -> None:
    broken = altered(
        tmp_path / "broken", "server/rpc/servicers/schedules.py", "async def GetSchedule", "async def GetNothing"
    )
    before, names = place.fleet.release, set(place.fleet.parts)
    with load(rest) as seen:
        with pytest.raises(LocalError, match="the new workers failed"):
            place.fleet.shift(broken, LONGER_SECONDS)
        assert (place.fleet.release, set(place.fleet.parts)) == (before, names)
        failed = failed_reads(seen)
        enough = sum(seen.values()) + 100
        eventually(lambda: sum(seen.values()) > enough)
    assert 0 < failed == failed_reads(seen)
    assert not bad(seen, "book")
