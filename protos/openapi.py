"""The REST side of the contract as an OpenAPI 3.1 file: `python -m protos.openapi` from the checkout."""

import json
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

from protos import examples
from protos.contract import Contract, Node
from protos.schemas import Schemas, is_required, message_rules

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "yoyaku.v1"
HTTP = "[google.api.http]"
VERBS = ("get", "put", "post", "patch", "delete")
NO_TOKEN = {
    "GetSigningKeys", "Login", "RefreshToken", "Logout", "SetPassword", "RequestPasswordReset", "PairDisplay",
    "ExchangeDeviceToken", "ConfirmContactByLink", "GetAppointmentByLink", "ConfirmAppointmentByLink",
    "CancelAppointmentByLink", "CheckInByLink", "ListSlotsByLink", "RescheduleByLink", "AnswerMoveByLink",
    "RequestRegistration", "ConfirmRegistration",
}  # fmt: skip
OPTIONAL_TOKEN = {
    "ListClinics", "GetClinic", "ListPolicies", "ListDoctors", "GetDoctor", "ListAppointmentTypes",
    "ListAvailableSlots", "SearchAvailableSlots", "ListAvailableDays", "WatchSlots",
}  # fmt: skip
# A service account has no path of its own to show, and a series has one for each appointment.
CREATES = re.compile("Create(?!Service|AppointmentSeries)|Register(?!WalkIn)")
# Every call may fail with these, whatever else its comment names.
ALWAYS = {
    "INVALID_REQUEST", "TOKEN_MISSING", "TOKEN_INVALID", "TOKEN_EXPIRED", "OVERLOADED", "INTERNAL_ERROR",
    "DATABASE_UNAVAILABLE", "DEADLINE_TOO_SHORT", "DEADLINE_PASSED", "RATE_LIMITED", "NO_SERVER", "UNKNOWN_METHOD",
}  # fmt: skip
# What the edge answers besides, with statuses of their own; the first two only to calls that have a body.
EDGE = {408: "DEADLINE_PASSED", 413: "REQUEST_TOO_LARGE", 431: "REQUEST_TOO_LARGE"}
HTTP_STATUS = {
    "INVALID_ARGUMENT": 400, "FAILED_PRECONDITION": 400, "UNAUTHENTICATED": 401, "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404, "ALREADY_EXISTS": 409, "ABORTED": 409, "RESOURCE_EXHAUSTED": 429, "INTERNAL": 500,
    "UNAVAILABLE": 503, "DEADLINE_EXCEEDED": 504,
}  # fmt: skip
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "description": "The ETag as last seen; the same as `etag` in the body, but 412 if it is not the current one.",
    "schema": {"type": "string"},
}
# The answer of a method that sends a file, as it is.
FILE = ".google.api.HttpBody"
DETAILS = ("google.rpc.ErrorInfo", "google.rpc.BadRequest", "google.rpc.RetryInfo", "yoyaku.v1.AlternativeSlots")


def write(descriptors: Path, for_people: Path, for_envoy: Path) -> None:
    """Write the file from Envoy's descriptor set: indented, and in the short form that Envoy serves."""
    made = document(Contract(descriptors))
    for_people.parent.mkdir(parents=True, exist_ok=True)
    for_people.write_text(json.dumps(made, indent=2) + "\n")
    for_envoy.write_text(json.dumps(made, separators=(",", ":")))


def document(contract: Contract) -> Node:
    """The whole OpenAPI document."""
    api = Api(contract)
    services = {name: node for name, node in contract.services.items() if name.startswith(f"{PACKAGE}.")}
    methods = [(node["name"], method) for node in services.values() for method in node["method"]]
    # Requests first: a message that goes both ways is described as a caller may send it.
    inputs = [(tag, method, *api.input(method)) for tag, method in methods if HTTP in method["options"]]
    paths: dict[str, Node] = {}
    for tag, method, verb, path, accepted in inputs:
        paths.setdefault(path, {})[verb] = {"tags": [tag], **api.words(method), **accepted, **api.output(method)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "yoyaku",
            "version": tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"],
            "description": "Appointments of a hospital group. Made from the gRPC contract in protos/.",
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "tags": [{"name": node["name"], "description": node["comment"]} for node in services.values()],
        "paths": paths,
        "components": api.components(),
    }


class Api:
    """What the operations accept and answer, and the components that they share."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._schemas = Schemas(contract)
        services = [node for name, node in contract.services.items() if name.startswith(PACKAGE)]
        self._comments = {method["name"]: method["comment"] for node in services for method in node["method"]}
        values = contract.enums[f"{PACKAGE}.ErrorReason"]["value"][1:]
        self._reasons = {v["name"].removeprefix("ERROR_REASON_"): v["comment"] for v in values}
        self._codes = {name: comment.replace(";", ".").partition(".")[0] for name, comment in self._reasons.items()}

    def input(self, method: Node) -> tuple[str, str, Node]:
        """Verb and path of a method, and its parameters and body."""
        rule = method["options"][HTTP]
        verb = next(verb for verb in VERBS if verb in rule)
        in_path = re.findall(r"{(\w+)}", rule[verb])
        fields = self._input_type(method).get("field", ())
        parameters = [self._parameter(field, "path") for field in fields if field["name"] in in_path]
        accepted: Node = {"security": []} if method["name"] in NO_TOKEN else {}
        if method["name"] in OPTIONAL_TOKEN:
            accepted = {"security": [{}, {"token": []}]}
        if self._has_etag(method):
            parameters.append(IF_MATCH)
        if rule.get("body") == "*":
            schema = self._schemas.add_request(method["input_type"], without=in_path)
            example = examples.of_request(schema, self._schemas.components)
            content = {"application/json": {"schema": schema, "example": example}}
            accepted["requestBody"] = {"required": True, "content": content}
        elif "body" in rule:
            raise ValueError(f'{method["name"]}: only `body: "*"` is known; write it so, or teach protos/openapi.py')
        else:
            parameters += [self._parameter(field, "query") for field in fields if field["name"] not in in_path]
        return verb, rule[verb], accepted | ({"parameters": parameters} if parameters else {})

    def words(self, method: Node) -> Node:
        """Name and description of a method; rules that concern several query parameters are told here."""
        comment, rule = method["comment"], method["options"][HTTP]
        rules = [] if "body" in rule else message_rules(self._input_type(method))
        summary = re.split(r"[.:;]\s", comment, maxsplit=1)[0].rstrip(".").replace("\n", " ")
        return {"operationId": method["name"], "summary": summary, "description": "\n\n".join((comment, *rules))}

    def output(self, method: Node) -> Node:
        """The answers of a method: the good one, and for each status the reasons why it fails."""
        if method["output_type"] == FILE:
            schema: Node = {"schema": {"type": "string"}, "example": "key,name,appointments"}
            kind = "text/csv"
        else:
            schema, kind = {"schema": self._schemas.add_answer(method["output_type"])}, "application/json"
            schema["example"] = examples.of_answer(schema["schema"], self._schemas.components)
        answer = {"content": {kind: schema}}
        good: Node = {"200": {"description": "Done."} | answer}
        if method.get("server_streaming"):
            told = "Server-sent events until the stream ends; the `data` of each is one such object."
            good = {"200": {"description": told, "content": {"text/event-stream": schema}}}
        if CREATES.match(method["name"]):
            headers = {name: {"$ref": f"#/components/headers/{name}"} for name in ("Location", "ETag")}
            good = {"201": {"description": "Created."} | answer | {"headers": headers}}
        named = ALWAYS | self._named(method["name"])
        reasons: dict[int, list[str]] = {}
        for reason in [reason for reason in self._codes if reason in named]:
            reasons.setdefault(HTTP_STATUS[self._codes[reason]], []).append(reason)
        if self._has_etag(method):
            reasons[412] = ["ETAG_MISMATCH"]
        for status, reason in EDGE.items():
            if "body" in method["options"][HTTP] or status not in {408, 413}:
                reasons[status] = [reason]
        bad = {str(status): _failure(reasons[status]) for status in sorted(reasons)}
        return {"responses": good | bad | {"default": _failure([])}}

    def components(self) -> Node:
        """All that operations refer to."""
        details = [self._detail(name) for name in DETAILS]
        error = {
            "type": "object",
            "description": "What every failure answers.",
            "required": ["code", "message", "details"],
            "properties": {
                "code": {"type": "integer", "description": "The gRPC status code."},
                "message": {"type": "string", "description": "What is wrong and what to do, for people."},
                "details": {"type": "array", "items": {"anyOf": details}},
            },
        }
        header = {"schema": {"type": "string"}}
        return {
            "schemas": dict(sorted((self._schemas.components | {"Error": error}).items())),
            "examples": {name: examples.of_error(comment) for name, comment in self._reasons.items()},
            "headers": {
                "Location": {"description": "Path of what was created."} | header,
                "ETag": {"description": "Its etag, in quotes."} | header,
            },
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        }

    def _named(self, method: str) -> set[str]:
        """The reasons that the comment of a method names, and those of other methods to which it refers."""
        comment = self._comments[method]
        own = set(re.findall(r"\b[A-Z][A-Z_]+\b", comment)) & self._codes.keys()
        others = [each for each in re.findall(r"those of\s+(\w+)", comment) if each in self._comments]
        return own.union(*map(self._named, others))

    def _input_type(self, method: Node) -> Node:
        return self._contract.messages[method["input_type"].removeprefix(".")]

    def _has_etag(self, method: Node) -> bool:
        """Whether a request has an etag, of its own or in its new values."""
        fields = self._input_type(method).get("field", ())
        single = (field for field in fields if field.get("label") != "LABEL_REPEATED")
        inner = (self._contract.messages.get(field.get("type_name", "").removeprefix(".")) for field in single)
        messages = [self._input_type(method), *filter(None, inner)]
        return "body" in method["options"][HTTP] and any(
            field["name"] == "etag" for message in messages for field in message.get("field", ())
        )

    def _parameter(self, field: Node, place: str) -> Node:
        schema = self._schemas.field(field)
        parameter = {"name": field["name"], "in": place, "description": schema.pop("description", "")}
        if place == "path" or is_required(field):
            parameter["required"] = True
        return parameter | {"schema": schema} | ({"explode": True} if schema.get("type") == "array" else {})

    def _detail(self, name: str) -> Node:
        kind: Node = {"@type": {"const": f"type.googleapis.com/{name}"}}
        if name == "google.rpc.ErrorInfo":
            kind["reason"] = {"enum": list(self._codes)}
        return {"allOf": [self._schemas.add_answer(name)], "required": ["@type"], "properties": kind}


def _failure(reasons: Sequence[str]) -> Node:
    shown = {reason: {"$ref": f"#/components/examples/{reason}"} for reason in reasons}
    content = {"schema": {"$ref": "#/components/schemas/Error"}} | ({"examples": shown} if shown else {})
    return {
        "description": ", ".join(reasons) or "Any other failure.",
        "content": {"application/json": content},
    }


if __name__ == "__main__":
    write(ROOT / "envoy" / "yoyaku.binpb", ROOT / "docs" / "openapi.json", ROOT / "envoy" / "openapi.json")
