"""Calls that go through Envoy to a real worker."""

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import grpc
import httpx
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from server.local.postgres import Server
from tests.edge.answers import error, reason
from tests.edge.clinic import Stack, running_worker
from tests.edge.envoys import Edge, running_envoy
from yoyaku.v1 import appointment_service_pb2, appointment_service_pb2_grpc


@dataclass(frozen=True)
class Rest:
    """Calls with the token of one of the clinic's people."""

    http: httpx.Client
    stack: Stack

    def __call__(self, who: str, method: str, path: str, **content: object) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.stack.clinic.tokens[who]}"}
        return self.http.request(method, path, headers=headers, **content)  # type: ignore[arg-type]  # httpx's own

    def book(self, who: str, time_slot: str, **others: str) -> httpx.Response:
        """Book the doctor's slot for the clinic's patient."""
        clinic = self.stack.clinic
        slot = {"doctor_id": clinic.doctor, "date": clinic.day, "time_slot": time_slot}
        return self(who, "POST", "/api/appointments", json={"patient_id": clinic.patient, **slot, **others})


@pytest.fixture(scope="module")
def stack(postgres_cluster: Server, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    postgres_cluster.query(f"CREATE DATABASE edge TEMPLATE {template}")
    with running_worker(postgres_cluster.url("edge"), tmp_path_factory.mktemp("worker")) as stack:
        yield stack
    postgres_cluster.query("DROP DATABASE edge WITH (FORCE)")


@pytest.fixture(scope="module")
def edge(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with running_envoy(tmp_path_factory.mktemp("an edge"), workers=[("127.0.0.1", stack.port)]) as edge:
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


def wait_for_readyz(edge: Edge, status: int) -> None:
    deadline = time.monotonic() + 10
    while httpx.get(f"{edge.url}/readyz").status_code != status:
        assert time.monotonic() < deadline, f"/readyz is not {status}: {edge.log()}"
        time.sleep(0.05)


def test_booking_answers_201_with_location_and_etag(rest: Rest) -> None:
    answer = rest.book("patient", "09:00")
    assert answer.status_code == 201, answer.text
    appointment = answer.json()["appointment"]
    assert answer.headers["location"] == f"/api/appointments/{appointment['id']}"
    assert answer.headers["etag"] == f'"{appointment["etag"]}"'
    assert appointment["status"] == "APPOINTMENT_STATUS_SCHEDULED"
    found = rest("patient", "GET", answer.headers["location"])
    assert found.status_code == 200
    assert found.json()["appointment"] == appointment


def test_grpc_callers_get_location_as_metadata_and_no_201(rest: Rest, channel: grpc.Channel) -> None:
    clinic = rest.stack.clinic
    request = appointment_service_pb2.CreateAppointmentRequest(
        patient_id=clinic.patient, doctor_id=clinic.doctor, date=clinic.day, time_slot="10:00"
    )
    stub = appointment_service_pb2_grpc.AppointmentServiceStub(channel)
    authorization = ("authorization", f"Bearer {clinic.tokens['patient']}")
    answer, call = stub.CreateAppointment.with_call(request, metadata=(authorization,), timeout=10)
    metadata = dict(call.initial_metadata() or ())
    assert metadata["location"] == f"/api/appointments/{answer.appointment.id}"


def test_a_refusal_carries_its_details_as_json(rest: Rest) -> None:
    assert rest.book("patient", "11:00").status_code == 201
    answer = rest.book("staff", "11:00")
    assert answer.status_code == 409
    assert reason(answer) in {"SLOT_TAKEN", "PATIENT_BUSY"}


def test_a_rule_of_the_contract_is_refused_by_field(rest: Rest) -> None:
    answer = rest("patient", "GET", "/api/appointments/not-a-uuid")
    assert answer.status_code == 400
    assert reason(answer) == "INVALID_REQUEST"
    (bad,) = [each for each in error(answer)["details"] if each["@type"].endswith("BadRequest")]
    assert [each["field"] for each in bad["field_violations"]] == ["appointment_id"]


def test_what_does_not_exist_is_not_found(rest: Rest) -> None:
    answer = rest("patient", "GET", f"/api/appointments/{uuid.uuid4()}")
    assert answer.status_code == 404
    assert reason(answer) == "APPOINTMENT_NOT_FOUND"


def test_an_id_in_the_body_against_the_path_is_refused(rest: Rest) -> None:
    mine, other = uuid.uuid4(), uuid.uuid4()
    answer = rest("patient", "POST", f"/api/appointments/{mine}:cancel", json={"appointment_id": str(other)})
    assert answer.status_code == 400
    assert "appointment_id" in error(answer)["message"]


@pytest.mark.parametrize("body", ['{"reason":', "[]", '{"reason": 7}'])
def test_a_body_that_is_no_such_message_is_refused(rest: Rest, body: str) -> None:
    answer = rest("patient", "POST", "/api/appointments", content=body)
    assert answer.status_code == 400
    assert reason(answer) == "INVALID_REQUEST"


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("expired", "TOKEN_EXPIRED"),
        ("forged", "TOKEN_INVALID"),
        ("for another audience", "TOKEN_INVALID"),
        ("of another issuer", "TOKEN_INVALID"),
    ],
)
def test_a_token_that_is_not_good_is_refused(rest: Rest, token: str, expected: str) -> None:
    answer = rest(token, "GET", "/api/appointments")
    assert answer.status_code == 401
    assert reason(answer) == expected


def test_long_answers_are_compressed(rest: Rest) -> None:
    clinic = rest.stack.clinic
    answer = rest(
        "patient", "GET", "/api/schedules/available-slots", params={"doctor_id": clinic.doctor, "date": clinic.day}
    )
    assert answer.status_code == 200
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.json()["slots"]) > 30


def test_signing_keys_are_public(rest: Rest) -> None:
    answer = rest.http.get("/api/auth/jwks")
    assert answer.status_code == 200
    assert answer.json()["keys"][0]["crv"] == "Ed25519"


def test_grpc_web_is_understood(rest: Rest) -> None:
    answer = rest.http.post(
        "/yoyaku.v1.AuthService/GetSigningKeys",
        content=b"\0\0\0\0\0",
        headers={"content-type": "application/grpc-web+proto"},
    )
    assert answer.headers["content-type"] == "application/grpc-web+proto"
    assert b"grpc-status:0" in answer.content


def test_health_is_public_and_reflection_is_not(rest: Rest, channel: grpc.Channel) -> None:
    health = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10)
    assert health.status == health_pb2.HealthCheckResponse.SERVING
    listing = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo
    question = reflection_pb2.ServerReflectionRequest(list_services="")
    with pytest.raises(grpc.RpcError) as refused:
        next(listing(iter([question]), timeout=10))
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
    token = ("authorization", f"Bearer {rest.stack.clinic.tokens['staff']}")
    answer = next(listing(iter([question]), metadata=(token,), timeout=10))
    assert "yoyaku.v1.AppointmentService" in {each.name for each in answer.list_services_response.service}


def test_a_request_id_comes_back_in_the_answer(rest: Rest) -> None:
    answer = rest.http.get("/api/auth/jwks", headers={"x-request-id": "from-the-front"})
    assert answer.headers["x-request-id"] == "from-the-front"


def test_a_worker_that_ends_is_noticed(edge: Edge, rest: Rest) -> None:
    """The last one: the worker is gone after it."""
    rest.stack.process.stop(seconds=20)
    wait_for_readyz(edge, 503)
    answer = rest.http.get("/api/auth/jwks")
    assert answer.status_code == 503
    assert error(answer)["code"] == grpc.StatusCode.UNAVAILABLE.value[0]
