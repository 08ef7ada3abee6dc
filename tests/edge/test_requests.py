"""What a request may hold, and where."""

import json
import subprocess
import time
import uuid

import pytest

from tests.edge.answers import error, reason
from tests.edge.clinic import Stack
from tests.edge.envoys import Edge
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


@pytest.mark.parametrize("version", ["--http1.1", "--http2-prior-knowledge"])
@pytest.mark.parametrize("left_out", [(), ("content-type:",), ("content-type:", "transfer-encoding: chunked")])
def test_the_body_of_a_get_is_checked_too(edge: Edge, stack: Stack, version: str, left_out: tuple[str, ...]) -> None:
    url = f"{edge.url}/api/schedules/available-slots?doctor_id={stack.clinic.doctor}&date={stack.clinic.day}"
    token = f"authorization: Bearer {stack.clinic.tokens['patient']}"
    options = [version, *(f"-H{header}" for header in left_out)]
    command = ["curl", "-s", *options, "-X", "GET", "--data-binary", '{"day": "x"}', "-H", token, url]
    answer = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert answer["message"] == "the body takes no field `day`: check its spelling against the OpenAPI file"


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
        ('{"reason": {"why": 1}}', "takes no field `reason.why`"),
        ('{"deep":' * 200, "nested too deeply"),
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


def test_an_escaped_colon_in_a_path_is_a_colon(rest: Rest) -> None:
    booked = rest.book("patient", "11:00").json()["appointment"]["id"]
    for colon, status in (("%3A", 200), ("%3a", 400), (":", 400)):  # it can be cancelled once
        answer = rest("patient", "POST", f"/api/appointments/{booked}{colon}cancel", json={})
        assert answer.status_code == status, answer.text
    assert reason(answer) == "STATUS_FORBIDS"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"name": "Sato Ken", "phonee": "+81312345678"}', "phonee"),
        ('{"name": "Sato Ken", "Name": "Sato Ken"}', "Name"),
        ('{"identifiers": [{"system": "urn:a", "value": "1"}, {"system": "urn:a", "valu": "2"}]}', "identifiers.valu"),
        ('{"name": "\\" \\\\", "text": {"phone": 1}}', "text"),
        ('{"name"  \n: "b"}', None),
        ('{"name": "the text \\"phonee\\": {\\"email\\": 1}"}', None),
        ('{"birth\\u0044ate": "1980-01-01", "\\u0070hon\\u0065e": 1}', "phonee"),
        ('{"identifiers": [], "phone": {}, "x": [{}, {"y": [1, 2]}]}', "x"),
        ('{"n\u00e4me": "Sato Ken"}', "n??me"),
        ('{"' + "n" * 100_000 + '": 1}', "n" * 65),
    ],
)
def test_a_field_that_the_contract_does_not_know_is_refused_by_name(rest: Rest, body: str, field: str | None) -> None:
    answer = rest("staff", "POST", "/api/patients", content=body.encode())
    told = f"the body takes no field `{field}`: check its spelling against the OpenAPI file"
    if field:
        assert (answer.status_code, reason(answer), error(answer)["message"]) == (400, "INVALID_REQUEST", told)
    else:
        assert "the body takes no field" not in answer.text


@pytest.mark.parametrize("name", ['"phonee"', "phonee", "'phonee'", '"phone\\u0065"'])
@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/grpcx", "application/grpc-web+json"])
def test_no_content_type_and_no_way_to_write_a_name_hides_it(edge: Edge, stack: Stack, name: str, kind: str) -> None:
    headers = ["-H", f"authorization: Bearer {stack.clinic.tokens['staff']}", "-H", f"content-type: {kind}"]
    command = ["curl", "-s", "--http2-prior-knowledge", "--max-time", "20", *headers, "--data-binary", "@-"]
    body = f'{{"name": "Sato Ken", {name}: "1"}}'
    command += ["-w", "%{http_code}", f"{edge.url}/api/patients"]
    answer = subprocess.run(command, input=body.encode(), capture_output=True, check=True).stdout.decode()
    assert answer.endswith("400")
    assert ("`phonee`" if name.startswith('"') else "not well-formed JSON") in answer


@pytest.mark.parametrize(
    "body",
    [
        '{"birthDate": "1980-01-01", "birth_date": "1980-01-01"}',
        '{"birth_date": "1980-01-01", "birth_date": "1980-01-01"}',
        '{"birth_date": "1980-01-01", "birth\\u005fdate": "1980-01-01"}',
    ],
)
def test_a_field_that_is_sent_twice_is_refused_by_name(rest: Rest, body: str) -> None:
    answer = rest("staff", "POST", "/api/patients", content=body)
    assert (answer.status_code, reason(answer)) == (400, "INVALID_REQUEST")
    assert error(answer)["message"] == "the body has the field `birth_date` twice: send it once"


@pytest.mark.parametrize(
    "body",
    [
        '{"name": "Sato Ken",}',
        '{"name": "Sato Ken" "phone": ""}',
        "{\"name\": 'Sato Ken'}",
        '{"identifiers": [,]}',
        '{"identifiers": [}',
        '{"identifiers": ]}',
        '{"name"}',
        '{"name": }',
        '{"name": "Sato Ken"}}',
        '{"name": "Sato Ken"',
        '{"name": "Sato Ken\\"}',
        "{,}",
    ],
)
def test_what_is_not_json_is_refused(rest: Rest, body: str) -> None:
    answer = rest("staff", "POST", "/api/patients", content=body)
    assert (answer.status_code, reason(answer)) == (400, "INVALID_REQUEST")
    assert error(answer)["message"].startswith("the body is not well-formed JSON")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"identifiers": [' + "1," * 30_000 + "1]}", "more parts than any call takes"),
        ("{" + ",".join(f'"f{number}": 1' for number in range(5_000)) + "}", "more parts than any call takes"),
        ('{"identifiers": ' + "[" * 200_000, "nested too deeply"),
        ('{"name": "' + "\\" * 500_001 + '"}', "not well-formed JSON"),
    ],
)
def test_a_body_that_no_call_takes_is_refused_at_once(rest: Rest, body: str, words: str) -> None:
    began = time.monotonic()
    answer = rest("staff", "POST", "/api/patients", content=body)
    assert time.monotonic() - began < 4  # the deadline would come after five
    assert (answer.status_code, reason(answer)) == (400, "INVALID_REQUEST")
    assert words in error(answer)["message"]


def test_a_full_batch_with_many_escapes_is_taken(rest: Rest) -> None:
    reason_told = "\\u0022" * 500
    items = [f'{{"appointment_id": "{uuid.uuid4()}", "reason": "{reason_told}"}}' for _ in range(100)]
    answer = rest("staff", "POST", "/api/appointments:batchCancel", content=f'{{"requests": [{",".join(items)}]}}')
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["results"]) == 100


@pytest.mark.parametrize("body", ["{}", " {\n}\r\t", '{"name": "", "identifiers": [ ]}', '{"name": null}'])
def test_an_empty_body_is_json(rest: Rest, body: str) -> None:
    answer = rest("staff", "POST", "/api/patients", content=body)
    assert "name" in error(answer)["message"]  # which the worker asks for


def test_a_name_may_be_escaped(rest: Rest) -> None:
    clinic = rest.stack.clinic
    body = {"patient_id": clinic.patient, "doctor_id": clinic.doctor, "date": clinic.day, "time_slot": "13:00"}
    content = json.dumps(body).replace("time_slot", "time\\u005fslot")
    answer = rest("patient", "POST", "/api/appointments", content=content)
    assert answer.status_code == 201, answer.text


def test_a_long_text_with_many_escapes_is_taken(rest: Rest) -> None:
    answer = rest("staff", "POST", "/api/patients:search", content='{"name": "' + "\\u3042" * 10_000 + '"}')
    assert "name" in error(answer)["message"]  # too long, which the worker says


def test_the_header_of_what_a_body_holds_is_not_the_callers(rest: Rest, edge: Edge) -> None:
    token = {"authorization": f"Bearer {rest.stack.clinic.tokens['staff']}", "x-yoyaku-fields": "phonee"}
    assert rest.http.get("/api/clinics", headers=token).status_code == 200
