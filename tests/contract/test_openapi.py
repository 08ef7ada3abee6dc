"""The OpenAPI file that is made from the contract."""

import json
import re
import uuid
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from openapi_spec_validator import OpenAPIV31SpecValidator

from protos import openapi
from server.edge.render import EdgeValues, render
from server.rpc.calls.call_lifecycle import PUBLIC, VISITED

HEALTH = "/grpc.health.v1.Health/Check"
ROOT = Path(__file__).resolve().parent.parent.parent
Json = dict[str, Any]


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Json:
    scratch = tmp_path_factory.mktemp("docs")
    for_people, for_envoy = scratch / "new" / "openapi.json", scratch / "openapi.json"
    openapi.write(ROOT / "envoy" / "yoyaku.binpb", for_people, for_envoy)
    document: Json = json.loads(for_people.read_text())
    assert json.loads(for_envoy.read_text()) == document
    return document


def operations(document: Json) -> dict[str, tuple[str, str, Json]]:
    return {
        operation["operationId"]: (verb, path, operation)
        for path, verbs in document["paths"].items()
        for verb, operation in verbs.items()
    }


def parameters(document: Json, name: str) -> dict[str, Json]:
    return {each["name"]: each for each in operations(document)[name][2]["parameters"]}


def schema(document: Json, name: str) -> Json:
    found: Json = document["components"]["schemas"][name]
    return found


def test_it_is_valid_openapi_3_1(document: Json) -> None:
    OpenAPIV31SpecValidator(document).validate()


def test_every_method_with_an_http_path_is_in_it(document: Json) -> None:
    files = (ROOT / "protos" / "yoyaku" / "v1").glob("*_service.proto")
    pattern = r"rpc (\w+)\([^{]*{[^}]*?\b(get|put|post|patch|delete): \"([^\"]+)\""
    written = {name: (verb, path) for file in files for name, verb, path in re.findall(pattern, file.read_text())}
    assert len(written) > 10
    assert written == {name: (verb, path) for name, (verb, path, _) in operations(document).items()}


def test_query_parameters_carry_their_rules(document: Json) -> None:
    found = parameters(document, "ListAppointments")
    assert {each["in"] for each in found.values()} == {"query"}
    assert found["size"]["schema"] == {"type": "integer", "minimum": 0, "maximum": 100}
    assert found["patient_id"]["schema"] == {"type": "string", "format": "uuid"}
    assert "required" not in found["patient_id"]
    assert found["status"]["schema"]["type"] == "array"
    assert found["status"]["explode"] is True
    assert "exactly one of patient_id" in operations(document)["ListAppointments"][2]["description"]
    assert parameters(document, "ListAvailableSlots")["doctor_id"]["required"] is True


def test_a_body_is_without_the_fields_of_its_path(document: Json) -> None:
    _, path, operation = operations(document)["SetWorkingHours"]
    assert path == "/api/schedules/{doctor_id}/working-hours"
    assert [(each["name"], each["in"]) for each in operation["parameters"]] == [
        ("doctor_id", "path"),
        ("If-Match", "header"),
    ]
    body = schema(document, "SetWorkingHoursRequest")
    assert set(body["properties"]) == {
        "valid_from", "sessions", "etag", "request_id", "validate_only", "action", "exceptions",
    }  # fmt: skip
    assert body["required"] == ["valid_from"]
    assert body["properties"]["sessions"]["maxItems"] == 50
    session = schema(document, "SessionInput")
    assert set(session["required"]) == {"weekday", "start", "end", "slot_minutes"}
    assert (session["properties"]["slot_minutes"]["minimum"], session["properties"]["slot_minutes"]["maximum"]) == (
        5,
        480,
    )
    assert session["properties"]["weekday"]["not"] == {"enum": ["WEEKDAY_UNSPECIFIED"]}


def test_a_stream_is_described_as_server_sent_events(document: Json) -> None:
    verb, path, operation = operations(document)["WatchSlots"]
    assert (verb, path) == ("get", "/api/schedules/slots:watch")
    (kind, content), = operation["responses"]["200"]["content"].items()  # fmt: skip
    assert kind == "text/event-stream"
    assert content["schema"] == {"$ref": "#/components/schemas/WatchSlotsResponse"}
    assert set(schema(document, "WatchSlotsResponse")["properties"]) == {"day", "heartbeat", "closing"}


def test_types_are_those_of_the_json_mapping(document: Json) -> None:
    appointment = schema(document, "Appointment")["properties"]
    assert appointment["start_time"]["format"] == "date-time"
    assert appointment["status"]["$ref"] == "#/components/schemas/AppointmentStatus"
    assert "APPOINTMENT_STATUS_SCHEDULED" in schema(document, "AppointmentStatus")["enum"]
    assert schema(document, "UpdateDoctorRequest")["properties"]["update_mask"]["type"] == "string"
    assert "update_mask" not in schema(document, "UpdateDoctorRequest")["required"]
    assert schema(document, "CreateAppointmentRequest")["properties"]["reason"]["maxLength"] == 500


def test_an_answer_has_every_field_that_cannot_be_unset(document: Json) -> None:
    assert set(schema(document, "ListAppointmentsResponse")["required"]) == {"appointments", "next_page_token"}
    assert {"start_time", "patient", "status"} <= set(schema(document, "Appointment")["required"])
    assert schema(document, "GetPatientResponse")["required"] == ["patient"]
    assert "id" in schema(document, "Patient")["required"]
    assert "id" not in schema(document, "PatientInput").get("required", ())
    assert "valid_until" not in schema(document, "ListAvailableSlotsResponse")["required"]
    assert "required" not in schema(document, "WatchSlotsResponse")


def test_every_operation_has_examples_and_they_keep_their_schemas(document: Json) -> None:
    shared = document["components"]
    for verb, path, operation in operations(document).values():
        bodies = [each["content"] for each in (operation.get("requestBody"), *operation["responses"].values()) if each]
        for content in [each for body in bodies for each in body.values()]:
            errors = [each["$ref"].rpartition("/")[2] for each in content.get("examples", {}).values()]
            values = [shared["examples"][each]["value"] for each in errors]
            values += [content["example"]] if "example" in content else []
            is_default = content == operation["responses"]["default"]["content"]["application/json"]
            assert values or is_default, (verb, path)
            for value in values:
                Draft202012Validator({**content["schema"], "components": shared}).validate(value)


def test_what_fails_like_another_call_names_all_its_reasons(document: Json) -> None:
    booking, moving = (operations(document)[name][2] for name in ("CreateAppointment", "RescheduleAppointment"))
    reasons = [
        {reason for answer in operation["responses"].values() for reason in answer["description"].split(", ")}
        for operation in (booking, moving)
    ]
    assert {"SLOT_TAKEN", "DAILY_LIMIT_REACHED"} <= reasons[0] - {"Created."}
    assert reasons[0] - {"Created."} <= reasons[1]
    assert "TOO_LATE_TO_CHANGE" in reasons[1] - reasons[0]


def test_the_example_of_an_error_has_each_detail_that_its_description_names(document: Json) -> None:
    details = {name: example["value"]["details"] for name, example in document["components"]["examples"].items()}
    summaries = {name: example["summary"] for name, example in document["components"]["examples"].items()}
    kinds = {name: {each["@type"].rpartition(".")[2] for each in of} for name, of in details.items()}
    for kind in ("AlternativeSlots", "BadRequest"):
        named = {name for name, summary in summaries.items() if kind in summary}
        assert named == {name for name, of in kinds.items() if kind in of}
        assert named
    (alternatives,) = [each for each in details["SLOT_TAKEN"] if each["@type"].endswith("AlternativeSlots")]
    slots = alternatives["slots"]
    assert len(slots) > 1
    assert all(slot["start_time"] < slot["end_time"] for slot in slots)


def test_examples_of_answers_look_like_answers(document: Json) -> None:
    answers = operations(document)["CreateAppointment"][2]["responses"]["201"]
    appointment = answers["content"]["application/json"]["example"]["appointment"]
    assert appointment["status"] == "APPOINTMENT_STATUS_SCHEDULED"
    assert appointment["start_time"] < appointment["end_time"]
    assert uuid.UUID(appointment["id"])


def test_every_error_of_the_edge_is_in_every_operation(document: Json) -> None:
    replies = yaml.safe_load((ROOT / "envoy" / "local_replies.yaml").read_text())
    reasons = {each["reason"] for each in replies}
    for _, _, operation in operations(document).values():
        told = {reason for each in operation["responses"].values() for reason in each["description"].split(", ")}
        assert reasons - told == set()
        assert {"429", "431", "503", "504"} <= set(operation["responses"])
        assert ("requestBody" in operation) == ({"408", "413"} <= set(operation["responses"]))


def test_what_creates_answers_201_with_the_new_path(document: Json) -> None:
    created = {name for name, (*_, each) in operations(document).items() if "201" in each["responses"]}
    appointments, people = {"CreateAppointment", "CreateAppointmentType"}, {"CreateDoctor", "RegisterPatient"}
    assert created == {*appointments, *people, "CreateClinic", "CreateRecord", "CreateResource", "CreateTimeOff"}
    answer = operations(document)["CreateAppointment"][2]["responses"]["201"]
    assert set(answer["headers"]) == {"Location", "ETag"}


def test_what_takes_an_etag_takes_if_match_too(document: Json) -> None:
    answers = {
        operation["operationId"]: operation["responses"]
        for path in document["paths"].values()
        for operation in path.values()
        if "If-Match" in {each["name"] for each in operation.get("parameters", ())}
    }
    assert {"UpdatePatient", "UpdateDoctor", "CancelAppointment", "SetWorkingHours"} <= set(answers)
    assert not {"CreateAppointment", "GetPatient", "BatchCancel"} & set(answers)
    assert all("412" in each for each in answers.values())


def test_failures_have_one_shape_and_name_their_reasons(document: Json) -> None:
    answers = operations(document)["CreateAppointment"][2]["responses"]
    assert "SLOT_TAKEN" in answers["409"]["description"]
    assert answers["404"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Error"}
    details = schema(document, "Error")["properties"]["details"]["items"]["anyOf"]
    (reasons,) = [each["properties"]["reason"]["enum"] for each in details if "reason" in each["properties"]]
    assert {"SLOT_TAKEN", "TOKEN_MISSING", "INTERNAL_ERROR"} <= set(reasons)
    assert "UNSPECIFIED" not in reasons


def test_the_same_calls_need_no_token_in_the_contract_at_the_edge_and_on_the_server(
    document: Json, tmp_path: Path
) -> None:
    assert document["security"] == [{"token": []}]
    known = operations(document).items()
    free = {f"{each['tags'][0]}/{name}" for name, (*_, each) in known if each.get("security") == []}
    here = ("127.0.0.1", 1)
    values = EdgeValues(listen=here, admin_port=1, keys_port=1, metrics=here, workers=[])
    listener = json.loads(render(values, tmp_path).read_text())["static_resources"]["listeners"][0]
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    (rules,) = [each["typed_config"]["rules"] for each in manager["http_filters"] if each["name"] == "jwt"]
    assert all("requires" in rule for rule in rules)
    (host,) = manager["route_config"]["virtual_hosts"]
    free_calls = [
        each for each in host["routes"] if "route" in each and "jwt" in each.get("typed_per_filter_config", {})
    ]
    at_the_edge = {each["match"]["path"] for each in free_calls if "headers" not in each["match"]} - {HEALTH}
    assert {f"/yoyaku.v1.{name}" for name in free} == at_the_edge == PUBLIC
    assert "AuthService/GetSigningKeys" in free
    optional = {f"{each['tags'][0]}/{name}" for name, (*_, each) in known if {} in each.get("security", [])}
    without_token = {each["match"]["path"] for each in free_calls if "headers" in each["match"]}
    assert {f"/yoyaku.v1.{name}" for name in optional} == without_token == VISITED
