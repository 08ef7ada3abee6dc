"""What Envoy answers by itself: no server runs behind it here."""

import json
from collections.abc import Iterator

import grpc
import httpx
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from server.edge.render import write_workers
from server.local.processes.ports import free
from tests.edge.answers import error, reason
from tests.edge.envoys import Edge, running_envoy
from tests.fixtures.waiting import eventually
from yoyaku.v1 import auth_service_pb2, auth_service_pb2_grpc, directory_service_pb2, directory_service_pb2_grpc

ORIGIN = "https://clinic.example"
LARGE = b" " * 2_000_000


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with running_envoy(tmp_path_factory.mktemp("an edge"), workers=[], origins=[ORIGIN]) as edge:
        yield edge


@pytest.fixture
def http(edge: Edge) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=edge.url) as client:
        yield client


@pytest.fixture
def channel(edge: Edge) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(edge.url.removeprefix("http://")) as channel:
        yield channel


def test_envoy_itself_is_alive_but_not_ready(http: httpx.Client) -> None:
    for path in ("/healthz", "/healthz?x=1"):
        answer = http.get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": "alive"})
        assert answer.headers["content-type"] == "application/json"
    for path in ("/readyz", "/readyz?x=1"):
        answer = http.get(path)
        assert answer.status_code == 503
        assert error(answer)["code"] == grpc.StatusCode.UNAVAILABLE.value[0]


def test_a_call_without_token_is_told_to_send_one(http: httpx.Client) -> None:
    answer = http.get("/api/appointments")
    assert answer.status_code == 401
    assert reason(answer) == "TOKEN_MISSING"
    assert "Bearer" in error(answer)["message"]


def test_a_call_that_no_worker_can_take_is_unavailable(http: httpx.Client) -> None:
    answer = http.get("/api/auth/jwks")
    assert answer.status_code == 503
    assert error(answer)["code"] == 14


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nothing"),
        ("GET", "/api/nothing"),
        ("DELETE", "/api/appointments"),
        ("POST", "/api/appointments/1:explode"),
        ("GET", "/api/../nothing"),
    ],
)
def test_an_unknown_path_or_method_is_not_found(http: httpx.Client, method: str, path: str) -> None:
    answer = http.request(method, path, params={"name": "secret"})
    assert answer.status_code == 404
    assert error(answer)["code"] == 5
    assert method in error(answer)["message"]
    assert "secret" not in answer.text


def test_an_unknown_query_parameter_is_refused_by_name(http: httpx.Client) -> None:
    answer = http.get("/api/doctors", params={"speciality": "x"})
    assert answer.status_code == 400
    assert reason(answer) == "INVALID_REQUEST"
    assert "`speciality`" in error(answer)["message"]


def test_a_path_with_a_hidden_slash_is_refused(http: httpx.Client) -> None:
    answer = http.get("/api/doctors%2f1")
    assert answer.status_code == 400
    assert reason(answer) == "INVALID_REQUEST"
    assert "escaped slash" in error(answer)["message"]


@pytest.mark.parametrize("body", [LARGE, iter([LARGE[:1_000_000], LARGE[1_000_000:]])], ids=["length", "chunked"])
def test_a_body_over_one_mebibyte_is_too_large(http: httpx.Client, body: bytes | Iterator[bytes]) -> None:
    answer = http.post("/api/appointments", content=body)
    assert answer.status_code == 413
    assert "1 MiB" in error(answer)["message"]


def test_a_message_over_one_mebibyte_is_too_large_for_grpc_too(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        channel.unary_unary("/yoyaku.v1.AppointmentService/CreateAppointment", bytes, bytes)(LARGE)
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "1 MiB" in (refused.value.details() or "")


def test_a_malformed_token_cannot_be_used(http: httpx.Client) -> None:
    answer = http.get("/api/doctors", headers={"authorization": "Bearer not.a.token"})
    assert answer.status_code == 401
    assert reason(answer) == "TOKEN_INVALID"


def test_a_sane_request_id_is_kept_and_any_other_made_anew(http: httpx.Client) -> None:
    assert http.get("/api/doctors", headers={"x-request-id": "front-77"}).headers["x-request-id"] == "front-77"
    for bad in ("two words", "short", "x" * 65, "<script>alert(1)", ""):
        made = http.get("/api/doctors", headers={"x-request-id": bad}).headers["x-request-id"]
        assert made != bad
        assert len(made) == 36
    assert len(http.get("/api/doctors").headers["x-request-id"]) == 36


def test_pages_of_allowed_origins_may_call(http: httpx.Client) -> None:
    preflight = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    answer = http.options("/api/appointments", headers={"origin": ORIGIN, **preflight})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "authorization" in answer.headers["access-control-allow-headers"]
    answer = http.get("/api/doctors", headers={"origin": ORIGIN})
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "location" in answer.headers["access-control-expose-headers"]


def test_pages_of_other_origins_may_not(http: httpx.Client) -> None:
    answer = http.options(
        "/api/appointments", headers={"origin": "https://evil.example", "access-control-request-method": "POST"}
    )
    assert "access-control-allow-origin" not in answer.headers


def test_the_log_names_methods_and_has_neither_ids_nor_query_strings_nor_tokens(edge: Edge, http: httpx.Client) -> None:
    edge.log_every_refusal()
    http.get("/api/patients/idsecret/unknown", headers={"x-request-id": "unknown-path"})
    http.get("/api/patients/idsecret", params={"name": "querysecret"}, headers={"x-request-id": "bad-query"})
    http.get(
        "/api/patients/idsecret",
        headers={"authorization": "Bearer tokensecret", "x-request-id": "to-be-logged"},
    )
    eventually(lambda: '"to-be-logged"' in edge.log())
    (line,) = [json.loads(line) for line in edge.log().splitlines() if '"to-be-logged"' in line]
    assert (line["verb"], line["method"]) == ("GET", "/yoyaku.v1.DirectoryService/GetPatient")
    assert (line["status"], line["client"]) == (401, "127.0.0.1")
    assert '"unknown-path"' in edge.log()
    assert '"bad-query"' in edge.log()
    assert "secret" not in edge.log()


def test_grpc_callers_get_a_status_and_a_text_that_helps(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        directory_service_pb2_grpc.DirectoryServiceStub(channel).GetPatient(directory_service_pb2.GetPatientRequest())
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert "authorization: Bearer" in (refused.value.details() or "")


def test_signing_keys_and_health_need_no_token(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as keys:
        auth_service_pb2_grpc.AuthServiceStub(channel).GetSigningKeys(auth_service_pb2.GetSigningKeysRequest())
    with pytest.raises(grpc.RpcError) as health:
        health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
    assert (keys.value.code(), health.value.code()) == (grpc.StatusCode.UNAVAILABLE,) * 2


@pytest.mark.parametrize("method", ["/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "/other.Api/Get"])
def test_everything_else_needs_one(channel: grpc.Channel, method: str) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        channel.unary_unary(method, bytes, bytes)(b"")
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_a_running_envoy_takes_over_a_change_of_workers(edge: Edge) -> None:
    (port,) = free(1)
    write_workers([("127.0.0.1", port)], edge.directory)
    eventually(lambda: f"127.0.0.1:{port}" in httpx.get(f"{edge.admin}/clusters").text)
    write_workers([], edge.directory)
