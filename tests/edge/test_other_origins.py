"""Web pages of other origins: what a browser asks and needs before it lets them call (CORS)."""

from collections.abc import Iterator

import httpx
import pytest

from server.config import LocalSettings, load
from tests.edge.clinic import Stack
from tests.edge.envoys import NO_LIMITS, Edge, running_envoy, wait_for_readyz
from tests.edge.rest import Rest
from yoyaku.v1.schedule_service_pb2 import WatchSlotsRequest

ORIGINS = load(LocalSettings, {}).origins.split()
VITE = "http://localhost:5173"
ALLOWED = "access-control-allow-origin"
WATCH = "/yoyaku.v1.ScheduleService/WatchSlots"


@pytest.fixture(scope="module")
def edge(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """As `make up` renders it."""
    workers, directory = [("127.0.0.1", stack.port)], tmp_path_factory.mktemp("an edge")
    with running_envoy(directory, workers=workers, limits=NO_LIMITS, origins=ORIGINS) as edge:
        wait_for_readyz(edge, 200)
        yield edge


@pytest.fixture
def rest(edge: Edge, stack: Stack) -> Iterator[Rest]:
    """Calls of a page at Vite's development server."""
    with httpx.Client(base_url=edge.url, headers={"origin": VITE}) as http:
        yield Rest(http, stack)


@pytest.mark.parametrize("port", [3000, 4200, 5173, 8081])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_development_servers_are_allowed_by_make_up(edge: Edge, host: str, port: int) -> None:
    origin = f"http://{host}:{port}"
    assert httpx.get(f"{edge.url}/api/auth/jwks", headers={"origin": origin}).headers[ALLOWED] == origin


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", "/api/appointments", "authorization,content-type,if-match,x-request-id,x-yoyaku-read-mark"),
        ("PATCH", "/api/patients/x", "authorization,content-type,if-match"),
        ("PUT", "/api/schedules/x/working-hours", "authorization,content-type,if-match"),
        ("GET", "/api/schedules/slots:watch", "authorization"),
        ("POST", WATCH, "authorization,content-type,x-grpc-web,x-user-agent,grpc-timeout"),
    ],
)
def test_a_preflight_allows_what_pages_send(edge: Edge, method: str, path: str, headers: str) -> None:
    asked = {"access-control-request-method": method, "access-control-request-headers": headers}
    answer = httpx.options(edge.url + path, headers={"origin": VITE, **asked})
    assert (answer.status_code, answer.headers[ALLOWED]) == (200, VITE)
    assert method in answer.headers["access-control-allow-methods"].split(", ")
    assert set(headers.split(",")) <= set(answer.headers["access-control-allow-headers"].split(", "))
    assert int(answer.headers["access-control-max-age"]) > 0


def test_a_page_may_read_answers_and_the_headers_that_it_needs(rest: Rest) -> None:
    booked = rest.book("patient", "09:00")
    assert (booked.status_code, booked.headers[ALLOWED]) == (201, VITE)
    exposed = set(booked.headers["access-control-expose-headers"].split(", "))
    assert {"etag", "location", "x-request-id", "retry-after", "x-ratelimit-remaining", "grpc-status"} <= exposed
    assert {"etag", "location", "x-request-id"} <= set(booked.headers) & exposed
    assert "access-control-allow-credentials" not in booked.headers


def test_a_page_may_read_why_a_call_was_refused(rest: Rest) -> None:
    refused = [
        rest.http.get("/api/doctors"),
        rest("patient", "GET", "/api/nothing"),
        rest("patient", "GET", "/api/doctors?speciality=x"),
        rest("patient", "POST", "/api/appointments", json={"phonee": 1}),
        rest("patient", "POST", "/api/appointments", content=b" " * 2_000_000),
        rest.book("patient", "00:01"),
    ]
    assert [each.status_code for each in refused] == [401, 404, 400, 400, 413, 400]
    assert {each.headers.get(ALLOWED) for each in refused} == {VITE}


def test_a_page_may_follow_streams(rest: Rest) -> None:
    clinic = rest.stack.clinic
    token = {"authorization": f"Bearer {clinic.tokens['patient']}"}
    query = {"doctor_ids": clinic.doctor, "date": clinic.day}
    with rest.http.stream("GET", "/api/schedules/slots:watch", params=query, headers=token) as answer:
        assert answer.headers[ALLOWED] == VITE
        assert next(answer.iter_lines()).startswith("data:")
    request = WatchSlotsRequest(doctor_ids=[clinic.doctor], date=clinic.day).SerializeToString()
    kind = {"content-type": "application/grpc-web+proto", "x-grpc-web": "1"}
    body = b"\0" + len(request).to_bytes(4, "big") + request
    with rest.http.stream("POST", WATCH, content=body, headers=token | kind) as answer:
        assert answer.headers[ALLOWED] == VITE
        assert next(answer.iter_raw())[0] == 0


@pytest.mark.parametrize(
    "origin", ["http://localhost:9999", "https://localhost:5173", "http://localhost:51731", "null"]
)
def test_no_other_page_may(rest: Rest, origin: str) -> None:
    preflight = {"access-control-request-method": "POST", "origin": origin}
    assert ALLOWED not in rest.http.options("/api/appointments", headers=preflight).headers
    assert ALLOWED not in rest.http.get("/api/auth/jwks", headers={"origin": origin}).headers
