"""Envoy with a worker behind it, started for each module."""

from collections.abc import Iterator

import grpc
import httpx
import pytest

from server.local.servers.postgres import PostgresServer
from tests.edge.clinic import Stack, running_worker
from tests.edge.envoys import NO_LIMITS, Edge, running_envoy, wait_for_readyz
from tests.edge.rest import Rest
from tests.fixtures.valkey import emptied


@pytest.fixture(scope="module")
def stack(
    postgres_cluster: PostgresServer, template: str, valkey_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    postgres_cluster.query(f"CREATE DATABASE edge TEMPLATE {template}")
    url, valkey = postgres_cluster.url("edge"), emptied(valkey_port)
    with running_worker(url, valkey, tmp_path_factory.mktemp("worker")) as stack:
        yield stack
    postgres_cluster.query("DROP DATABASE edge WITH (FORCE)")


@pytest.fixture(scope="module")
def edge(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    workers = [("127.0.0.1", stack.port)]
    with running_envoy(tmp_path_factory.mktemp("an edge"), workers=workers, limits=NO_LIMITS) as edge:
        wait_for_readyz(edge, 200)
        yield edge


@pytest.fixture
def rest(edge: Edge, stack: Stack) -> Iterator[Rest]:
    with httpx.Client(base_url=edge.url) as http:
        yield Rest(http, stack)


@pytest.fixture
def channel(edge: Edge) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(edge.url.removeprefix("http://")) as channel:
        yield channel
