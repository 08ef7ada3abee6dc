"""Examples for the OpenAPI file: of values, from their schemas, and of errors, from the contract's comments."""

import json
import re
from collections.abc import Mapping
from typing import Any

from protos.contract import Node

_CODES = {
    "INVALID_ARGUMENT": 3, "DEADLINE_EXCEEDED": 4, "NOT_FOUND": 5, "ALREADY_EXISTS": 6, "PERMISSION_DENIED": 7,
    "RESOURCE_EXHAUSTED": 8, "FAILED_PRECONDITION": 9, "ABORTED": 10, "INTERNAL": 13, "UNAVAILABLE": 14,
    "UNAUTHENTICATED": 16,
}  # fmt: skip
_RETRIED = {"RESOURCE_EXHAUSTED", "UNAVAILABLE"}
_ID = "019ab0c2-7d10-7c3e-9a4f-0242ac120003"
_BY_NAME: dict[str, Any] = {
    "name": "Sato Ken", "date": "2026-12-01", "from_date": "2026-12-01", "to_date": "2026-12-07",
    "valid_from": "2026-12-01", "end_date": "2027-12-01", "birth_date": "1980-04-01", "time_slot": "09:30",
    "start": "09:00", "end": "12:00",
    "time_zone": "Asia/Tokyo", "specialty": "Internal medicine", "etag": "3", "reason": "Check-up",
    "email": "ken@example.org", "phone": "+81312345678", "password": "correct horse battery",
    "new_password": "another correct horse", "current_password": "correct horse battery", "language": "ja",
    "system": "urn:example:hospital", "value": "4711", "code": "123456", "pairing_code": "K7QM3XWP",
    "certificate_name": "spiffe://hospital.example/laboratory",
    "holidays": "2027-01-01", "kind": "ultrasound", "resource_kinds": "ultrasound",
    "text": "Blood pressure 120/80.", "slot_minutes": 30, "expires_in": 900, "update_mask": "name,phone",
    "description": "must be a date, as YYYY-MM-DD", "next_page_token": "", "closed_reason": "", "retry_delay": "2s",
    "id": _ID, "end_time": "2026-12-01T01:00:00Z", "status": "APPOINTMENT_STATUS_SCHEDULED",
}  # fmt: skip
_BY_FORMAT = {"uuid": _ID, "date-time": "2026-12-01T00:30:00Z", "email": "ken@example.org"}
_SLOTS = [
    {"time_slot": "10:00", "start_time": "2026-11-24T01:00:00Z", "end_time": "2026-11-24T01:30:00Z", "seats_free": 1},
    {"time_slot": "10:30", "start_time": "2026-11-24T01:30:00Z", "end_time": "2026-11-24T02:00:00Z", "seats_free": 1},
]
_ALTERNATIVES: Node = {
    "@type": "type.googleapis.com/yoyaku.v1.AlternativeSlots", "doctor_id": _ID, "time_zone": "Asia/Tokyo",
    "slots": [slot | {"reason": "ALTERNATIVE_REASON_SAME_DOCTOR"} for slot in _SLOTS],
}  # fmt: skip
_LEFT_OUT = {"start_time", "override_reason", "etag", "page_token", "page", "identifier", "clinic", "create_time",
             "update_time", "id", "replaced_by", "all_clinics"}  # fmt: skip
"""Fields that an example of a request does without: the other way to say the same, or not the caller's to say."""


def of_request(schema: Node, components: Mapping[str, Node]) -> Any:
    """What a caller may send."""
    return _sample("", schema, components, lambda name, required: name in required or name not in _LEFT_OUT)


def of_answer(schema: Node, components: Mapping[str, Node]) -> Any:
    """What the server may answer: what is always set."""
    return _sample("", schema, components, lambda name, required: name in required)


def _sample(name: str, schema: Node, components: Mapping[str, Node], takes: Any) -> Any:
    if reference := schema.get("$ref"):
        schema = components[reference.rpartition("/")[2]] | {key: schema[key] for key in schema if key == "not"}
    kind = schema.get("type")
    if kind == "object" and "properties" in schema:
        required, properties = schema.get("required", ()), schema["properties"]
        taken = [key for key in properties if takes(key, required)] or list(properties)[:1]
        return {key: _sample(key, properties[key], components, takes) for key in taken}
    if kind == "array":
        return [_sample(name, schema["items"], components, takes)]
    return _value(name, schema)


def _value(name: str, schema: Node) -> Any:
    if values := schema.get("enum"):
        return _BY_NAME[name] if _BY_NAME.get(name) in values else values[min(1, len(values) - 1)]
    by_type = {
        "integer": max(schema.get("minimum", 1), 1),
        "number": 1.5,
        "boolean": False,
        "object": {"@type": "type.googleapis.com/google.rpc.ErrorInfo"},
        "string": _ID if name.endswith("_id") else name or "text",
    }
    return _BY_NAME.get(name, _BY_FORMAT.get(schema.get("format", "")) or by_type.get(schema.get("type", "")))


def of_error(comment: str) -> Node:
    """An error of a reason, from its comment in the contract: status code, what it means, and a sample of ErrorInfo."""
    text, _, sample = comment.partition("\n\n")
    found = re.match(r"([A-Z_]+)[^.]*\.\s+(.*)", text, re.DOTALL)
    if not found:
        raise ValueError(f"begin the comment with the status code: {comment}")
    code, meaning = found[1], " ".join(found[2].split())
    details: list[Node] = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo"} | json.loads(sample)]
    if "BadRequest" in meaning:
        violation = {"field": "date", "description": "must be a date, as YYYY-MM-DD", "reason": ""}
        details.append({"@type": "type.googleapis.com/google.rpc.BadRequest", "field_violations": [violation]})
    if "AlternativeSlots" in meaning:
        details.append(_ALTERNATIVES)
    if code in _RETRIED:
        details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retry_delay": "1s"})
    return {"summary": meaning, "value": {"code": _CODES[code], "message": meaning, "details": details}}
