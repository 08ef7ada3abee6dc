"""Templates of Envoy's configuration, in YAML.

`$name` stands for a value, `$name/rest` for a value followed by more text. Inside a list, a placeholder whose value is
a list is replaced by its items; a mapping with `$each: name` is repeated for each item of that list, where `$each`
stands for the item and `$each.key` for one of its values. A placeholder whose value is None is left out.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import yaml

SOURCES = Path(__file__).resolve().parents[2] / "envoy"

Json: TypeAlias = Any
"""What YAML and JSON can hold."""

_PLACEHOLDER = re.compile(r"\$([a-z_]+)(?:\.([a-z_]+))?(/.*)?")


def filled(name: str, values: Mapping[str, Json]) -> Json:
    """The template of that name, filled in. Raises KeyError for a placeholder that has no value."""
    return _fill(yaml.safe_load((SOURCES / name).read_text()), values)


def _fill(node: Json, values: Mapping[str, Json]) -> Json:
    if isinstance(node, str):
        return _value(node, values)
    if isinstance(node, Mapping):
        parts = {key: _fill(part, values) for key, part in node.items()}
        return {key: part for key, part in parts.items() if part is not None}
    if isinstance(node, Sequence):
        return [item for part in node for item in _items(part, values)]
    return node


def _value(text: str, values: Mapping[str, Json]) -> Json:
    match = _PLACEHOLDER.fullmatch(text)
    if match is None:
        return text
    name, key, rest = match.groups()
    value = values[name].get(key) if key else values[name]
    return f"{value}{rest}" if rest else value


def _items(part: Json, values: Mapping[str, Json]) -> Iterator[Json]:
    if isinstance(part, Mapping) and "$each" in part:
        each = values[str(part["$each"])]
        shape = {key: inner for key, inner in part.items() if key != "$each"}
        for item in _sequence(each):
            yield _fill(shape, {**values, "each": item})
    elif isinstance(part, str) and part.startswith("$"):
        yield from _sequence(_fill(part, values))
    else:
        yield _fill(part, values)


def _sequence(value: Json) -> Sequence[Json]:
    return [value] if isinstance(value, str | Mapping) or not isinstance(value, Sequence) else value
