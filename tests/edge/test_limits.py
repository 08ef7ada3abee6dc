"""How often callers may call; each limit is driven over its edge and back."""

import itertools
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import grpc
import httpx
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from server.edge.limits import Bucket, LimitError, Limits, parse
from tests.edge.answers import error, reason
from tests.edge.clinic import Stack
from tests.edge.envoys import Edge, running_envoy, wait_for_readyz
from tests.edge.renewing import FAR, renew, until_refused
from tests.edge.rest import Rest
from yoyaku.v1 import directory_service_pb2, directory_service_pb2_grpc
from yoyaku.v1.auth_service_pb2 import LoginRequest
from yoyaku.v1.auth_service_pb2_grpc import AuthServiceStub

LIMITS = Limits(subject=Bucket(2, 15), booking=Bucket(1, 5))
LOW = Limits(address=Bucket(1, 5))


@pytest.fixture(scope="module")
def edge(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    workers = [("127.0.0.1", stack.port)]
    with running_envoy(tmp_path_factory.mktemp("limits"), workers=workers, limits=LIMITS) as edge:
        wait_for_readyz(edge, 200)
        yield edge


@pytest.fixture(autouse=True)
def unused(edge: Edge) -> None:
    """Nobody has used up anything."""
    renew(edge, LIMITS)


def test_a_subject_that_calls_too_often_is_refused_for_a_moment(rest: Rest) -> None:
    def doctors() -> httpx.Response:
        return rest("patient", "GET", "/api/doctors")

    first = doctors()
    assert first.headers["x-ratelimit-limit"].startswith("15")
    assert int(first.headers["x-ratelimit-remaining"]) == 14
    count, refused = until_refused(doctors)
    assert count >= 14
    assert refused.headers["retry-after"] == "1"
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert int(refused.headers["x-ratelimit-reset"]) >= 0
    assert reason(refused) == "RATE_LIMITED"
    assert error(refused)["code"] == 8
    assert {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retry_delay": "1s"} in error(refused)["details"]
    assert rest("staff", "GET", "/api/doctors").status_code == 200
    time.sleep(int(refused.headers["retry-after"]))
    assert doctors().status_code == 200


def test_over_grpc_a_refusal_says_when_to_try_again(rest: Rest, channel: grpc.Channel) -> None:
    directory = directory_service_pb2_grpc.DirectoryServiceStub(channel)
    metadata = (("authorization", f"Bearer {rest.stack.clinic.tokens['patient']}"),)

    def doctors(times: int) -> None:
        for _ in range(times):
            directory.ListDoctors(directory_service_pb2.ListDoctorsRequest(), metadata=metadata, timeout=10)

    with pytest.raises(grpc.RpcError) as refused:
        doctors(FAR)
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
    status = rpc_status.from_call(refused.value)
    assert status is not None
    assert status.details[0].Unpack(info)
    assert status.details[1].Unpack(retry)
    assert (info.reason, info.domain, retry.retry_delay.seconds) == ("RATE_LIMITED", "yoyaku", 1)
    trailing = {pair.key: str(pair.value) for pair in refused.value.trailing_metadata() or ()}
    assert trailing["grpc-retry-pushback-ms"] == "1000"
    time.sleep(retry.retry_delay.seconds)
    doctors(1)


def test_rest_and_grpc_and_grpc_web_use_up_one_limit(rest: Rest) -> None:
    web = {"content-type": "application/grpc-web+proto", "te": "trailers"}
    token = {"authorization": f"Bearer {rest.stack.clinic.tokens['patient']}"}
    method = "/yoyaku.v1.DirectoryService/ListDoctors"
    until_refused(lambda: rest("patient", "GET", "/api/doctors"))
    answer = rest.http.post(method, content=b"\0\0\0\0\0", headers=web | token)
    assert answer.headers["grpc-status"] == "8"


def test_bookings_have_a_tighter_limit_of_their_own(rest: Rest) -> None:
    count, refused = until_refused(lambda: rest.book("patient", "03:03"))
    assert 5 <= count < 15
    assert reason(refused) == "RATE_LIMITED"
    assert rest("patient", "GET", "/api/doctors").status_code == 200
    assert rest.book("staff", "03:03").status_code != 429
    time.sleep(int(refused.headers["retry-after"]))
    assert rest.book("patient", "03:03").status_code != 429


def test_staff_and_systems_move_a_day_of_forty_patients_where_a_patient_is_limited(edge: Edge, rest: Rest) -> None:
    renew(edge, Limits())
    assert until_refused(lambda: rest.book("patient", "03:03"))[0] < 40
    for role in ("staff", "system"):
        assert 429 not in {rest.book(role, "03:03").status_code for _ in range(40)}


def test_staff_and_systems_have_limits_of_their_own(edge: Edge, rest: Rest) -> None:
    for role, limits in (
        ("staff", replace(LIMITS, staff=Bucket(1, 5))),
        ("staff", replace(LIMITS, staff_booking=Bucket(1, 5))),
        ("system", replace(LIMITS, system=Bucket(1, 5))),
        ("system", replace(LIMITS, system_booking=Bucket(1, 5))),
    ):
        renew(edge, limits)
        count, refused = until_refused(partial(rest.book, role, "03:03"))
        assert 5 <= count < 15
        assert reason(refused) == "RATE_LIMITED"


def test_a_call_that_does_the_work_of_many_counts_as_ten(edge: Edge, rest: Rest) -> None:
    renew(edge, Limits(subject=Bucket(1, 45), booking=LIMITS.booking))
    clinic, day = rest.stack.clinic.clinic, rest.stack.clinic.day
    search = f"/api/schedules/available-slots:search?clinic_id={clinic}&from_date={day}&to_date={day}"
    count, refused = until_refused(lambda: rest("patient", "GET", search))
    assert count == 4
    assert reason(refused) == "RATE_LIMITED"
    # A few tokens are left, which are enough for an ordinary call.
    assert rest("patient", "GET", "/api/doctors").status_code == 200


def test_visitors_of_an_address_have_a_limit_of_their_own(edge: Edge, rest: Rest) -> None:
    renew(edge, Limits(visitor=Bucket(1, 25)))
    day = rest.stack.clinic.day
    search = f"/api/schedules/available-slots:search?specialty=Cardiology&from_date={day}&to_date={day}"
    count, refused = until_refused(lambda: rest.http.get(search))
    assert count == 2  # each counts as ten
    assert reason(refused) == "RATE_LIMITED"
    assert rest("patient", "GET", "/api/doctors").status_code == 200
    assert rest.http.post("/api/auth/login", json={"email": "a@example.org", "password": "wrong"}).status_code == 401


def test_signing_in_has_a_limit_for_an_address_however_it_is_spelt(
    edge: Edge, rest: Rest, channel: grpc.Channel
) -> None:
    numbers = itertools.count()

    def login() -> httpx.Response:
        number = next(numbers)
        path = ("/api/auth/login", "/api//auth/./login", "/api/auth/log%69n")[number % 3]
        return rest.http.post(path, json={"email": f"{number}@example.org", "password": "guess"})

    renew(edge, Limits(login=Bucket(1, 5)))
    count, refused = until_refused(login)
    assert count >= 5
    assert reason(refused) == "RATE_LIMITED"
    request = LoginRequest(email="one@example.org", password="guess")
    with pytest.raises(grpc.RpcError) as over_grpc:
        AuthServiceStub(channel).Login(request, timeout=10)
    assert over_grpc.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert rest("patient", "GET", "/api/doctors").status_code == 200
    time.sleep(int(refused.headers["retry-after"]))
    assert login().status_code == 401


SPOOFS = [
    {"x-forwarded-for": "203.0.113.{}"},
    {"x-forwarded-for": "203.0.113.{}, 198.51.100.{}"},
    {"x-real-ip": "203.0.113.{}"},
    {"forwarded": "for=203.0.113.{}"},
    {"true-client-ip": "203.0.113.{}"},
    {"x-envoy-external-address": "203.0.113.{}"},
    {"x-envoy-internal": "true"},
    {"x-jwt-payload": "eyJzdWIiOiJ7fSJ9", "x-user-id": "{}", "sub": "{}"},
    {"content-type": "application/grpc", "x-forwarded-for": "203.0.113.{}"},
]


@pytest.mark.parametrize("headers", SPOOFS, ids=",".join)
def test_neither_limit_is_evaded_by_what_headers_claim(edge: Edge, rest: Rest, headers: dict[str, str]) -> None:
    numbers = itertools.count(1)

    def spoofed(**others: str) -> httpx.Response:
        number = next(numbers)
        return rest.http.get(
            "/api/doctors", headers={k: v.replace("{}", f"{number}") for k, v in headers.items()} | others
        )

    if "content-type" not in headers:
        until_refused(lambda: spoofed(authorization=f"Bearer {rest.stack.clinic.tokens['patient']}"))
    renew(edge, LOW)
    for _ in range(FAR):
        answer = spoofed()
        if answer.status_code == 429 or answer.headers.get("grpc-status") == "8":
            return
    raise AssertionError("the address was never limited")


def test_a_forged_token_uses_up_nothing_of_whom_it_names(rest: Rest) -> None:
    forged = rest.stack.clinic.tokens["forged"]
    for _ in range(30):
        assert rest.http.get("/api/doctors", headers={"authorization": f"Bearer {forged}"}).status_code == 401
    assert rest("patient", "GET", "/api/doctors").status_code == 200


def test_a_network_of_ipv6_is_one_address(tmp_path: Path) -> None:
    with (
        running_envoy(tmp_path, workers=[], limits=LOW, trusted_hops=1) as edge,
        httpx.Client(base_url=edge.url) as http,
    ):

        def call(address: str) -> httpx.Response:
            return http.get("/healthz", headers={"x-forwarded-for": address})

        hosts = (f"2001:db8:0:1::{number:x}" for number in itertools.count(1))
        count, _ = until_refused(lambda: call(next(hosts)))
        assert count >= 5
        assert call("2001:db8:0:2::1").status_code == 200
        count, _ = until_refused(lambda: call("203.0.113.7"))
        assert count >= 5
        assert call("203.0.113.8").status_code == 200


def test_limits_are_switched_and_changed_while_envoy_runs(edge: Edge, rest: Rest) -> None:
    def doctors() -> httpx.Response:
        return rest("patient", "GET", "/api/doctors")

    until_refused(doctors)
    for off in ("limits.subject=0", "limits.enforced=0"):
        httpx.post(f"{edge.admin}/runtime_modify?{off}").raise_for_status()
        assert {doctors().status_code for _ in range(30)} == {200}
        httpx.post(f"{edge.admin}/runtime_modify?{off.replace('0', '100')}").raise_for_status()
        until_refused(doctors)
    renew(edge, Limits())
    assert {doctors().status_code for _ in range(50)} == {200}


def test_limits_are_written_as_they_are_read() -> None:
    limits = parse(["subject=5/7", "booking=2/20"])
    assert limits == Limits(subject=Bucket(5, 7), booking=Bucket(2, 20))
    assert parse(str(limits).split()) == limits
    for wrong in ("subject", "subject=5", "subject=0/7", "nobody=5/7", "subject=5/7/9"):
        with pytest.raises(LimitError, match="write NAME=PER_SECOND/BURST"):
            parse([wrong])
