"""Calls that go through Envoy to a real worker."""

import uuid
from datetime import date, timedelta
from queue import SimpleQueue

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2

from server.edge.contract import REFLECTION
from tests.edge.answers import error, reason
from tests.edge.envoys import Edge, wait_for_readyz
from tests.edge.rest import Rest
from yoyaku.v1 import appointment_service_pb2, appointment_service_pb2_grpc


def test_with_a_worker_the_edge_is_ready(rest: Rest) -> None:
    for path in ("/readyz", "/readyz?x=1"):
        answer = rest.http.get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": "ready"})
        assert answer.headers["content-type"] == "application/json"


def test_booking_answers_201_with_location_and_etag(rest: Rest) -> None:
    answer = rest.book("patient", "09:00")
    assert answer.status_code == 201, answer.text
    appointment = answer.json()["appointment"]
    assert answer.headers["location"] == f"/api/appointments/{appointment['id']}"
    assert answer.headers["etag"] == f'W/"{appointment["etag"]}"'
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
    metadata = dict(call.trailing_metadata() or ())
    assert metadata["location"] == f"/api/appointments/{answer.appointment.id}"


def test_a_refusal_carries_its_details_as_json(rest: Rest) -> None:
    assert rest.book("patient", "11:00").status_code == 201
    answer = rest.book("staff", "11:00", patient_id=rest.stack.clinic.stranger)
    assert answer.status_code == 409
    assert reason(answer) == "SLOT_TAKEN"
    (others,) = [each for each in error(answer)["details"] if each["@type"].endswith("yoyaku.v1.AlternativeSlots")]
    assert others["doctor_id"] == rest.stack.clinic.doctor
    times = [slot["time_slot"] for slot in others["slots"]]
    assert "11:30" in times
    assert "11:00" not in times


def test_a_batch_tells_of_each_what_became_of_it(rest: Rest) -> None:
    booked = [rest.book("staff", each).json()["appointment"]["id"] for each in ("14:00", "14:30")]
    place = {"date": rest.stack.clinic.day, "time_slot": "14:30"}
    requests = [{"appointment_id": each, **place} for each in booked]
    answer = rest("staff", "POST", "/api/appointments:batchReschedule", json={"requests": requests})
    assert answer.status_code == 200
    refused, stayed = answer.json()["results"]
    assert [each["reason"] for each in refused["error"]["details"] if "reason" in each] == ["SLOT_TAKEN"]
    assert stayed["rescheduled"]["appointment"]["time_slot"] == "14:30"
    cancelled = {"requests": [{"appointment_id": each} for each in booked]}
    answer = rest("staff", "POST", "/api/appointments:batchCancel", json=cancelled)
    assert {each["cancelled"]["appointment"]["status"] for each in answer.json()["results"]} == {
        "APPOINTMENT_STATUS_CANCELLED"
    }


def test_a_plus_in_the_query_is_a_space(rest: Rest) -> None:
    for spelt in ("General+practice", "General%20practice", "general%20PRACTICE"):
        answer = rest("patient", "GET", f"/api/doctors?specialty={spelt}")
        assert [each["id"] for each in answer.json()["doctors"]] == [rest.stack.clinic.doctor]


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


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("expired", "TOKEN_EXPIRED"),
        ("forged", "TOKEN_INVALID"),
        ("for another audience", "TOKEN_INVALID"),
        ("of another issuer", "TOKEN_INVALID"),
        ("good in an hour", "TOKEN_INVALID"),
        ("without a signature", "TOKEN_INVALID"),
        ("signed with the public key as a secret", "TOKEN_INVALID"),
        ("of a key that there is not", "TOKEN_INVALID"),
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


def test_a_compressed_answer_keeps_its_etag(rest: Rest) -> None:
    clinic = rest.stack.clinic
    path = f"/api/schedules/{clinic.doctor}"
    sessions = [
        {"weekday": day, "start": f"{hour:02}:00", "end": f"{hour + 3:02}:00", "slot_minutes": 30}
        for day in ("WEEKDAY_MONDAY", "WEEKDAY_TUESDAY", "WEEKDAY_FRIDAY")
        for hour in (6, 10, 14, 18)
    ]
    later = f"{date.fromisoformat(clinic.day) + timedelta(days=30)}"
    changed = rest("staff", "PUT", f"{path}/working-hours", json={"valid_from": later, "sessions": sessions})
    assert changed.status_code == 200, changed.text
    answer = rest("patient", "GET", path)
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["etag"] == changed.headers["etag"] == f'W/"{answer.json()["schedule"]["etag"]}"'


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


def test_health_is_public_and_a_watch_that_would_hold_a_place_for_long_is_not_to_be_had(
    rest: Rest, channel: grpc.Channel
) -> None:
    stub = health_pb2_grpc.HealthStub(channel)
    health = stub.Check(health_pb2.HealthCheckRequest(), timeout=10)
    assert health.status == health_pb2.HealthCheckResponse.SERVING
    token = (("authorization", f"Bearer {rest.stack.clinic.tokens['admin']}"),)
    for metadata, code in ((None, grpc.StatusCode.UNAUTHENTICATED), (token, grpc.StatusCode.UNIMPLEMENTED)):
        with pytest.raises(grpc.RpcError) as refused:
            next(stub.Watch(health_pb2.HealthCheckRequest(), timeout=10, metadata=metadata))
        assert refused.value.code() is code


@pytest.mark.parametrize("path", REFLECTION)
def test_reflection_answers_each_question_before_the_next_to_whoever_has_signed_in(
    rest: Rest, channel: grpc.Channel, path: str
) -> None:
    ask = channel.stream_stream(
        path,
        reflection_pb2.ServerReflectionRequest.SerializeToString,
        reflection_pb2.ServerReflectionResponse.FromString,
    )
    with pytest.raises(grpc.RpcError) as refused:
        next(ask(iter([reflection_pb2.ServerReflectionRequest(list_services="")]), timeout=30))
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
    questions: SimpleQueue[reflection_pb2.ServerReflectionRequest | None] = SimpleQueue()
    token = (("authorization", f"Bearer {rest.stack.clinic.tokens['patient']}"),)
    answers = ask(iter(questions.get, None), timeout=30, metadata=token)
    questions.put(reflection_pb2.ServerReflectionRequest(list_services=""))
    listed = {service.name for service in next(answers).list_services_response.service}
    assert {"yoyaku.v1.AppointmentService", path.split("/")[1]} <= listed
    for name in sorted(listed):
        questions.put(reflection_pb2.ServerReflectionRequest(file_containing_symbol=name))
        assert next(answers).file_descriptor_response.file_descriptor_proto
    questions.put(None)
    assert list(answers) == []


def test_a_stream_of_reflection_that_is_held_open_ends(rest: Rest, channel: grpc.Channel) -> None:
    token = (("authorization", f"Bearer {rest.stack.clinic.tokens['patient']}"),)
    silence: SimpleQueue[bytes | None] = SimpleQueue()
    ask = channel.stream_stream(REFLECTION[0], bytes, bytes)
    held = ask(iter(silence.get, None), timeout=300, metadata=token)
    with pytest.raises(grpc.RpcError) as ended:
        next(held)
    assert ended.value.code() in {grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAVAILABLE}
    silence.put(None)


def test_a_request_id_comes_back_in_the_answer(rest: Rest) -> None:
    answer = rest.http.get("/api/auth/jwks", headers={"x-request-id": "from-the-front"})
    assert answer.headers["x-request-id"] == "from-the-front"


def test_an_exported_report_is_a_file_as_it_is(rest: Rest) -> None:
    clinic = rest.stack.clinic
    asked = {"report": "REPORT_KIND_UTILIZATION", "clinic_id": clinic.clinic, "from_date": clinic.day}
    answer = rest("staff", "GET", "/api/reports:export", params=asked | {"to_date": clinic.day})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    names, row, total = answer.content.decode("utf-8-sig").splitlines()
    assert names.startswith("key,name,offered_minutes,")
    assert row.startswith(f"{clinic.day},,1410,")
    assert total.startswith("total,,1410,")


def test_a_worker_that_ends_is_noticed(edge: Edge, rest: Rest) -> None:
    """The last one: the worker is gone after it."""
    rest.stack.process.stop(seconds=20)
    wait_for_readyz(edge, 503)
    answer = rest.http.get("/api/auth/jwks")
    assert answer.status_code == 503
    assert error(answer)["code"] == grpc.StatusCode.UNAVAILABLE.value[0]
