"""Answers that Envoy gives itself: each entry of envoy/local_replies.yaml, as JSON and as a gRPC status."""

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import yaml
from google.protobuf import any_pb2
from google.protobuf.duration_pb2 import Duration
from google.rpc import code_pb2
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from server.edge.template import SOURCES, Json

_DOMAIN = "yoyaku"
_RETRY_SECONDS = 1
_TYPE = "type.googleapis.com/google.rpc"

Entry = Mapping[str, Any]


def json_replies() -> Sequence[Json]:
    """The replies for REST."""
    return [
        {
            "when": entry["when"],
            "status": entry.get("status"),
            "headers": _added(_retry_headers(entry)),
            "error": _error(entry),
        }
        for entry in _entries("json")
    ]


def grpc_replies() -> Sequence[Json]:
    """The replies for gRPC and gRPC-Web."""
    return [
        {
            "when": entry["when"],
            "status": entry.get("status"),
            "headers": _added(_headers(entry)),
            "text": _text(entry),
        }
        for entry in _entries("grpc")
    ]


def _entries(over: Literal["json", "grpc"]) -> list[Entry]:
    entries = yaml.safe_load((SOURCES / "local_replies.yaml").read_text())
    return [entry for entry in entries if entry.get("over", over) == over]


def _text(entry: Entry) -> str:
    return f"{entry['message']}{' (%LOCAL_REPLY_BODY%)' if entry.get('cause') else ''}"


def _error(entry: Entry) -> Json:
    details: list[Json] = []
    details.append({"@type": f"{_TYPE}.ErrorInfo", "reason": entry["reason"], "domain": _DOMAIN, "metadata": {}})
    if entry.get("retry"):
        details.append({"@type": f"{_TYPE}.RetryInfo", "retry_delay": f"{_RETRY_SECONDS}s"})
    return {"code": code_pb2.Code.Value(entry["code"]), "message": _text(entry), "details": details}


def _headers(entry: Entry) -> Iterator[tuple[str, str]]:
    code = str(code_pb2.Code.Value(entry["code"]))
    yield "grpc-status", code
    yield "x-yoyaku-code", code
    yield "grpc-status-details-bin", base64.b64encode(_status(entry).SerializeToString()).decode().rstrip("=")
    if entry.get("retry"):
        yield "grpc-retry-pushback-ms", str(_RETRY_SECONDS * 1000)
    yield from _retry_headers(entry)


def _retry_headers(entry: Entry) -> Iterator[tuple[str, str]]:
    if entry.get("retry"):
        yield "retry-after", str(_RETRY_SECONDS)


def _added(headers: Iterable[tuple[str, str]]) -> list[Json]:
    """Headers as Envoy's configuration has them."""
    return [{"header": {"key": key, "value": value}} for key, value in headers]


def _status(entry: Entry) -> Status:
    status = Status(code=code_pb2.Code.Value(entry["code"]), message=entry["message"])
    status.details.append(_packed(ErrorInfo(reason=entry["reason"], domain=_DOMAIN)))
    if entry.get("retry"):
        status.details.append(_packed(RetryInfo(retry_delay=Duration(seconds=_RETRY_SECONDS))))
    return status


def _packed(message: ErrorInfo | RetryInfo) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed
