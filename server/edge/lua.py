"""The filters in Lua, with the tables that they need from the contract."""

from collections.abc import Sequence

from server.edge.contract import Method
from server.edge.template import SOURCES


def calls(edge_key: str) -> str:
    """The filter that runs for every call, preceded by the secret that Envoy and the workers share; empty: none."""
    return f'local edge_key = "{edge_key}"\n{(SOURCES / "calls.lua").read_text()}'


def fields() -> str:
    """The filter that notes the fields of a body."""
    return (SOURCES / "fields.lua").read_text()


def query(methods: Sequence[Method]) -> str:
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
