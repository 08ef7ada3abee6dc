"""PostgreSQL is gone: Envoy goes on to give calls to the workers, and they answer what they can."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import httpx
import pytest

from server.config import Settings
from tests.edge.answers import reason
from tests.edge.clinic import Stack, fill
from tests.edge.envoys import NO_LIMITS, Edge, running_envoy, wait_for_readyz
from tests.edge.rest import Rest
from tests.faults.town import Town, town
from tests.fixtures.waiting import eventually
from yoyaku.v1.schedule_service_pb2 import WatchSlotsRequest
from yoyaku.v1.schedule_service_pb2_grpc import ScheduleServiceStub

AWAY_SECONDS = 6
"""Longer than it takes health checks and outlier detection to eject a worker."""


@pytest.fixture
def place() -> Iterator[Town]:
    with town(standbys=0) as built:
        yield built


@pytest.fixture
def stack(place: Town) -> Stack:
    settings = {name.removeprefix("YOYAKU_").lower(): value for name, value in place.environment.items()}
    clinic = asyncio.run(fill(Settings(**settings)))  # type: ignore[arg-type]  # pydantic reads the numbers
    return Stack(clinic, place.parts["worker-1"].process, 0, NotImplemented, place.environment)


@pytest.fixture
def edge(place: Town, stack: Stack, tmp_path: Path) -> Iterator[Edge]:
    workers = [(host, int(port)) for host, _, port in (address.partition(":") for address in place.addresses)]
    with running_envoy(tmp_path, workers=workers, limits=NO_LIMITS) as edge:
        wait_for_readyz(edge, 200)
        yield edge


def test_no_worker_is_ejected_and_cached_reads_and_streams_go_on(
    place: Town, edge: Edge, rest: Rest, channel: grpc.Channel, stack: Stack
) -> None:
    clinic = stack.clinic
    query = {"doctor_id": clinic.doctor, "date": clinic.day}

    def slots() -> httpx.Response:
        return rest("patient", "GET", "/api/schedules/available-slots", params=query)

    eventually(lambda: slots().status_code == 200)
    eventually(lambda: [slots().status_code for _ in range(20)] == [200] * 20)  # both workers know the token
    assert rest("staff", "GET", "/api/doctors").status_code == 200
    request = WatchSlotsRequest(doctor_ids=[clinic.doctor], date=clinic.day)
    metadata = (("authorization", f"Bearer {clinic.tokens['patient']}"),)
    watch = ScheduleServiceStub(channel).WatchSlots(request, metadata=metadata, timeout=90)
    revision = next(watch).day.revision

    place.parts["primary"].kill()
    # The processes that PostgreSQL had started may still serve a call until they notice.
    eventually(lambda: rest.book("patient", "06:00").status_code == 503)
    until, refused, read = time.monotonic() + AWAY_SECONDS, set(), []
    while time.monotonic() < until:
        booking = rest.book("patient", "06:00")
        refused.add((booking.status_code, reason(booking)))
        read.append(slots().status_code)
    assert refused == {(503, "DATABASE_UNAVAILABLE")}
    assert set(read) == {200}
    clusters = httpx.get(f"{edge.admin}/clusters").text
    assert clusters.count("health_flags::healthy") == 6 * 2 + 2  # of the six clusters, and Envoy's own two
    assert httpx.get(f"{edge.url}/readyz").status_code == 200

    asyncio.run(place.parts["primary"].start_again())
    eventually(lambda: rest.book("patient", "06:00").status_code in {201, 409})
    assert next(message for message in watch if message.day.revision > revision)
    watch.cancel()
