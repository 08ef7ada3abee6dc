"""The filters in Lua, with the tables that they need from the contract, and the calls that each of them runs for."""

from collections.abc import Mapping, Sequence

from server.edge.contract import Method, any_of
from server.edge.template import SOURCES, Json, filled

ODD_HEADERS = {
    ":method": "CONNECT",
    ":path": ".*%3.*",
    "content-type": "application/grpc.*",
    "grpc-encoding": ".+",
    "x-client-request-id": ".+",
}
"""Headers, and regular expressions of their values, with which a call that has a token passes through calls.lua too."""

ANSWERS_TO_MEND = {
    "content-type": "text/x-transcoder",
    "grpc-message": "headers-behind",
    "x-yoyaku-code": ".+",
    "x-yoyaku-precondition": ".+",
}
"""Headers, and regular expressions of their values, with which an answer passes through answers.lua."""


def filters(edge_key: str, methods: Sequence[Method]) -> Mapping[str, Json]:
    """The configuration of each filter by its name. `edge_key` is the secret that Envoy and the workers share."""
    known = {
        "calls_lua": _calls(edge_key),
        "answers_lua": (SOURCES / "answers.lua").read_text(),
        "fields_lua": (SOURCES / "fields.lua").read_text(),
        "query_lua": _query(methods),
        "odd_headers": [{"name": name, "value": value} for name, value in ODD_HEADERS.items()],
        "answers_to_mend": [{"name": name, "value": value} for name, value in ANSWERS_TO_MEND.items()],
        "without_fields_in_path": any_of(each.path for each in methods if each.reads and not each.in_path),
    }
    return dict(filled("lua.yaml", known))


def _calls(edge_key: str) -> str:
    """The filter of requests, preceded by the secret that Envoy and the workers share; empty: none."""
    return f'local edge_key = "{edge_key}"\n{(SOURCES / "calls.lua").read_text()}'


def _query(methods: Sequence[Method]) -> str:
    """The filter of query strings and fields, preceded by tables of the fields in each method's path and body."""
    in_path = {method.path: _table({_plain(each): f'"{each}"' for each in method.in_path}) for method in methods}
    in_body = {method.path: _table(dict.fromkeys(method.in_body, "true")) for method in methods}
    tables = f"local in_path = {_table(in_path)}\nlocal in_body = {_table(in_body)}\n"
    return f"{tables}\n{(SOURCES / 'query.lua').read_text()}"


def _plain(field: str) -> str:
    """The form that both names of a field (doctor_id, doctorId) share."""
    return field.replace("_", "").lower()


def _table(entries: dict[str, str]) -> str:
    """The source text of a Lua table."""
    return "{" + ", ".join(f'["{key}"] = {value}' for key, value in entries.items()) + "}"
