"""Circuit breakers, each driven over its edge and back; the workers hold still for the moment that it takes."""

import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import httpx
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from tests.edge.answers import reason
from tests.edge.clinic import Stack
from tests.edge.envoys import NEVER, NO_LIMITS, Edge, running_envoy, wait_for_readyz
from tests.edge.rest import Rest
from tests.fixtures.waiting import eventually
from yoyaku.v1.schedule_service_pb2 import WatchSlotsRequest
from yoyaku.v1.schedule_service_pb2_grpc import ScheduleServiceStub


@pytest.fixture(scope="module")
def edge(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """Envoy keeps a worker in use that hangs: this is about the calls to it.

    It has its keys from the beginning to the end, since its own fetch of them is a call to a worker, too.
    """
    directory, workers = tmp_path_factory.mktemp("an edge"), [("127.0.0.1", stack.port)]
    lasting = {"unhealthy_threshold": NEVER, "keys_cache_seconds": NEVER}
    with running_envoy(directory, workers=workers, limits=NO_LIMITS, **lasting) as edge:
        wait_for_readyz(edge, 200)
        # Its first attempt fails, since it listens for that itself a moment later; the next one is a second later.
        eventually(lambda: stat(edge, "http.edge.jwt_authn.jwks_fetch_success") == 1)
        yield edge


@contextmanager
def threshold(edge: Edge, name: str, value: int) -> Iterator[None]:
    """Another threshold of a circuit breaker, by the key that docs/edge.md names."""
    key = f"circuit_breakers.{name}"
    httpx.post(f"{edge.admin}/runtime_modify?{key}={value}").raise_for_status()
    try:
        yield
    finally:
        httpx.post(f"{edge.admin}/runtime_modify?{key}=").raise_for_status()


@contextmanager
def still(stack: Stack) -> Iterator[None]:
    """The worker hangs until the end."""
    stack.process.popen.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        stack.process.popen.send_signal(signal.SIGCONT)


def counter(edge: Edge, name: str) -> int:
    return stat(edge, f"cluster.{name}")


def stat(edge: Edge, name: str) -> int:
    (line,) = httpx.get(f"{edge.admin}/stats?filter=^{name}$").text.splitlines()
    return int(line.rpartition(" ")[2])


def writes(pool: ThreadPoolExecutor, rest: Rest, count: int) -> list[Future[httpx.Response]]:
    """Calls that are sent once, whereas a read that hangs for two seconds is given up and sent again."""
    nothing = f"/api/appointments/{uuid4()}:cancel"
    return [pool.submit(rest, "patient", "POST", nothing, json={}) for _ in range(count)]


def burst(pool: ThreadPoolExecutor, rest: Rest, count: int) -> list[Future[httpx.Response]]:
    return [pool.submit(rest, "patient", "GET", "/api/doctors") for _ in range(count)]


def test_more_calls_in_flight_than_allowed_are_refused_at_once(edge: Edge, stack: Stack, rest: Rest) -> None:
    assert rest("patient", "GET", "/api/doctors").status_code == 200
    with ThreadPoolExecutor(10) as pool, threshold(edge, "workers.default.max_requests", 3), still(stack):
        calls = writes(pool, rest, 10)
        eventually(lambda: sum(call.done() for call in calls) == 7)
        refused = [call.result() for call in calls if call.done()]
    assert {answer.status_code for answer in refused} == {429}
    assert {reason(answer) for answer in refused} == {"OVERLOADED"}
    assert refused[0].headers["retry-after"] == "1"
    assert sorted(call.result().status_code for call in calls) == [404] * 3 + [429] * 7
    with ThreadPoolExecutor(10) as pool:
        assert {call.result().status_code for call in burst(pool, rest, 10)} == {200}


def test_visitors_take_no_place_of_those_who_have_signed_in(edge: Edge, stack: Stack, rest: Rest) -> None:
    with ThreadPoolExecutor(10) as pool, threshold(edge, "visitors.default.max_requests", 2), still(stack):
        visits = [pool.submit(rest.http.get, "/api/clinics") for _ in range(5)]
        eventually(lambda: sum(visit.done() for visit in visits) == 3)
        assert {reason(visit.result()) for visit in visits if visit.done()} == {"OVERLOADED"}
        calls = burst(pool, rest, 3)
    assert {call.result().status_code for call in calls} == {200}


def test_more_streams_than_allowed_are_refused_until_one_ends(
    edge: Edge, stack: Stack, channel: grpc.Channel, rest: Rest
) -> None:
    request = WatchSlotsRequest(doctor_ids=[stack.clinic.doctor], date=stack.clinic.day)
    metadata = (("authorization", f"Bearer {stack.clinic.tokens['patient']}"),)

    def watch() -> Any:
        call = ScheduleServiceStub(channel).WatchSlots(request, metadata=metadata, timeout=60)
        assert next(call).day.doctor_id == stack.clinic.doctor
        return call

    first = watch()
    with threshold(edge, "streams.default.max_requests", 1):
        with pytest.raises(grpc.RpcError) as refused:
            watch()
        answer = rest("patient", "GET", f"/api/schedules/slots:watch?doctor_ids={stack.clinic.doctor}")
        assert rest("patient", "GET", "/api/doctors").status_code == 200
        first.cancel()
        eventually(lambda: counter(edge, "streams.upstream_rq_active") == 0)
        watch().cancel()
    assert (answer.status_code, reason(answer)) == (429, "OVERLOADED")
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
    status = rpc_status.from_call(refused.value)
    assert status is not None
    assert status.details[0].Unpack(info)
    assert status.details[1].Unpack(retry)
    assert (info.reason, retry.retry_delay.seconds) == ("OVERLOADED", 1)


def test_calls_without_a_token_take_no_place_of_others_however_long_they_take(
    edge: Edge, stack: Stack, rest: Rest
) -> None:
    def keys() -> httpx.Response:
        return rest.http.get("/api/auth/jwks")

    assert rest("patient", "GET", "/api/doctors").status_code == keys().status_code == 200
    with ThreadPoolExecutor(20) as pool, threshold(edge, "public.default.max_requests", 10), still(stack):
        strangers = [pool.submit(keys) for _ in range(15)]
        eventually(lambda: sum(call.done() for call in strangers) == 5)
        assert {reason(call.result()) for call in strangers if call.done()} == {"OVERLOADED"}
        assert counter(edge, "public.upstream_rq_active") == 10
        assert counter(edge, "workers.upstream_rq_active") == 0
        calls = writes(pool, rest, 5)
        eventually(lambda: counter(edge, "workers.upstream_rq_active") == 5)
    assert {call.result().status_code for call in calls} == {404}
    assert Counter(call.result().status_code for call in strangers) == {200: 10, 429: 5}


def test_health_checks_that_never_end_take_no_place_of_those_who_sign_in(edge: Edge, rest: Rest) -> None:
    assert rest.http.get("/api/auth/jwks").status_code == 200
    address = edge.url.removeprefix("http://")
    with grpc.insecure_channel(address) as channel, threshold(edge, "public.default.max_requests", 2):
        check: Any = channel.stream_unary("/grpc.health.v1.Health/Check")
        empty = [check.future(iter(()), timeout=20) for _ in range(10)]
        eventually(lambda: counter(edge, "health.upstream_rq_active") == 10)
        assert rest.http.get("/api/auth/jwks").status_code == 200
        eventually(lambda: all(call.done() for call in empty))  # within two seconds, not the twenty they ask for


def test_more_calls_that_wait_for_a_connection_than_allowed_are_refused(stack: Stack, tmp_path: Path) -> None:
    with running_envoy(tmp_path, workers=[("127.0.0.1", stack.port)]) as edge, httpx.Client(base_url=edge.url) as http:
        wait_for_readyz(edge, 200)
        rest, path = Rest(http, stack), f"/api/schedules/slots:watch?doctor_ids={stack.clinic.patient}"
        eventually(lambda: rest("patient", "GET", "/api/doctors").status_code == 200)  # it has the keys
        with threshold(edge, "streams.default.max_pending_requests", 0):
            answer = rest("patient", "GET", path)  # the first stream, so there is no connection yet
        assert (answer.status_code, reason(answer)) == (429, "OVERLOADED")
        assert rest("patient", "GET", path).status_code == 404


def test_reads_that_hang_are_tried_again_within_a_budget(edge: Edge, stack: Stack, rest: Rest) -> None:
    with ThreadPoolExecutor(30) as pool:
        assert {call.result().status_code for call in burst(pool, rest, 30)} == {200}  # now there are connections
        with still(stack):
            before = counter(edge, "workers.upstream_rq_retry"), counter(edge, "workers.upstream_rq_retry_overflow")
            calls = burst(pool, rest, 30)
            eventually(lambda: counter(edge, "workers.upstream_rq_retry_overflow") >= before[1] + 15)
            assert counter(edge, "workers.upstream_rq_retry") <= before[0] + 12
        assert {call.result().status_code for call in calls} <= {200, 429, 503, 504}
    eventually(lambda: rest("patient", "GET", "/api/doctors").status_code == 200)


def test_a_write_is_never_sent_twice(edge: Edge, stack: Stack, rest: Rest) -> None:
    before = counter(edge, "workers.upstream_rq_retry")
    with ThreadPoolExecutor(1) as pool:
        with still(stack):
            booking = pool.submit(rest.book, "patient", "05:00")
            time.sleep(2.5)
        assert booking.result().status_code == 201
    assert counter(edge, "workers.upstream_rq_retry") == before
