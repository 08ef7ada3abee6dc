"""What a request may hold, and where."""

import uuid

import pytest

from tests.edge.answers import error, reason
from tests.edge.rest import Rest


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/appointments/{}:cancel?appointment_id={}"),
        ("POST", "/api/appointments/{}:cancel?appointmentId={}"),
        ("POST", "/api/appointments/{}:cancel?%61ppointment%5fid={}"),
        ("POST", "/api/appointments/{}:cancel?reason={}"),
        ("PATCH", "/api/patients/{}?patient_id={}"),
        ("PUT", "/api/schedules/{}/working-hours?doctor_id={}"),
    ],
)
def test_a_call_with_a_body_takes_no_query(rest: Rest, method: str, path: str) -> None:
    answer = rest("staff", method, path.format(uuid.uuid4(), uuid.uuid4()), json={})
    assert answer.status_code == 400
    assert reason(answer) == "INVALID_REQUEST"
    assert error(answer)["message"] == f"{method} takes no parameters in the query: send them in the body"


@pytest.mark.parametrize(
    "path",
    [
        "/api/schedules/{}?doctor_id={}",
        "/api/schedules/{}?doctorId={}",
        "/api/schedules/{}?&doctor%5Fid={}",
        "/api/schedules/{}?%64octor_id",
    ],
)
def test_the_query_cannot_name_anew_what_the_path_names(rest: Rest, path: str) -> None:
    answer = rest("patient", "GET", path.format(rest.stack.clinic.doctor, uuid.uuid4()))
    assert answer.status_code == 400
    assert reason(answer) == "INVALID_REQUEST"
    assert error(answer)["message"] == "the path names doctor_id already: leave it out of the query"


def test_an_id_in_the_body_against_the_path_is_refused(rest: Rest) -> None:
    mine, other = uuid.uuid4(), uuid.uuid4()
    answer = rest("patient", "POST", f"/api/appointments/{mine}:cancel", json={"appointment_id": str(other)})
    assert answer.status_code == 400
    assert "appointment_id in the body" in error(answer)["message"]


def test_the_path_outweighs_the_other_spelling_of_its_id_in_the_body(rest: Rest) -> None:
    mine, other = (rest.book("patient", slot).json()["appointment"]["id"] for slot in ("09:00", "10:00"))
    answer = rest("patient", "POST", f"/api/appointments/{mine}:cancel", json={"appointmentId": other})
    assert answer.status_code == 200, answer.text
    assert answer.json()["appointment"]["id"] == mine


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
def test_the_scheme_of_a_token_is_not_case_sensitive(rest: Rest, scheme: str) -> None:
    token = rest.stack.clinic.tokens["patient"]
    assert rest.http.get("/api/doctors", headers={"authorization": f"{scheme} {token}"}).status_code == 200


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("[]", "not a JSON object"),
        ('{"reason":', "not well-formed JSON"),
        ('{"reason": secret\nsecret}', "not well-formed JSON"),
        ('{"reason": "x"} "secret"', "not well-formed JSON"),
        (b'{"reason": "secret\xff"}', "not UTF-8"),
        ('{"reason": 777}', "reason is not of type STRING"),
        ('{"start_time": "secret"}', "start_time is not of type Timestamp"),
        ('{"start_time": "sec\\nret"}', "start_time is not of type Timestamp"),
        ('{"reason": {"secret": 1}}', "reason is a plain value"),
        ('{"reason": ["secret"]}', "has a list"),
        ('{"secret":' * 200, "too deeply"),
        ('{"start_time": "' + "secret" * 150_000 + '"}', "start_time is not of type Timestamp"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_body_that_is_no_such_message_is_refused_without_an_echo(rest: Rest, body: str | bytes, words: str) -> None:
    answer = rest("patient", "POST", "/api/appointments", content=body)
    assert answer.status_code == 400
    assert reason(answer) == "INVALID_REQUEST"
    assert words in error(answer)["message"]
    assert "sec" not in answer.text
    assert "777" not in answer.text


@pytest.mark.parametrize("path", ["/api/appointments/%ff", "/api/schedules/available-slots?doctor_id={}&date=%ff%fe"])
def test_bytes_that_are_not_utf_8_are_refused(rest: Rest, path: str) -> None:
    answer = rest("patient", "GET", path.format(rest.stack.clinic.doctor))
    assert answer.status_code == 400
    assert reason(answer) == "INVALID_REQUEST"
