"""JSON schemas of messages, as Envoy maps them: field names as in the contract, enums by name, 64 bits as strings."""

import re
from collections.abc import Collection

from protos.contract import Contract, Node

_UINT32 = {"type": "integer", "minimum": 0, "maximum": 2**32 - 1}
_INT32 = {"type": "integer", "format": "int32"}
_INT64 = {"type": "string", "pattern": "^-?[0-9]+$"}
_SCALARS: dict[str, Node] = {
    "TYPE_STRING": {"type": "string"},
    "TYPE_BYTES": {"type": "string", "contentEncoding": "base64"},
    "TYPE_BOOL": {"type": "boolean"},
    "TYPE_DOUBLE": {"type": "number"},
    "TYPE_FLOAT": {"type": "number"},
    **dict.fromkeys(("TYPE_UINT32", "TYPE_FIXED32"), _UINT32),
    **dict.fromkeys(("TYPE_INT32", "TYPE_SINT32", "TYPE_SFIXED32"), _INT32),
    **dict.fromkeys(("TYPE_INT64", "TYPE_SINT64", "TYPE_SFIXED64", "TYPE_UINT64", "TYPE_FIXED64"), _INT64),
}
_WELL_KNOWN: dict[str, Node] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?s$"},
    "google.protobuf.FieldMask": {"type": "string", "description": "Names of fields with commas between them."},
    "google.protobuf.Any": {"type": "object", "required": ["@type"], "properties": {"@type": {"type": "string"}}},
}
# Rules of protovalidate and the keywords of JSON schema that say the same; `in` and `const` have the same values too.
_KEYWORDS = {
    "min_len": "minLength", "max_len": "maxLength", "pattern": "pattern", "in": "enum", "const": "const",
    "gte": "minimum", "lte": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum",
    "min_items": "minItems", "max_items": "maxItems", "unique": "uniqueItems",
}  # fmt: skip
_FORMATS = {"uuid": "uuid", "email": "email", "uri": "uri", "hostname": "hostname"}
_COUNTS = {"min_len", "max_len", "min_items", "max_items"}  # 64 bits, so strings in a descriptor's JSON


def short(name: str) -> str:
    """The name of a message or enum within its package, as the schemas have it."""
    return re.sub(r"^\.?([a-z0-9_]+\.)+", "", name)


def enum_schema(enum: Node) -> Node:
    """An enum, by the names of its values; the description tells what each means."""
    meanings = "\n".join(f"- `{value['name']}`: {value['comment']}" for value in enum["value"])
    return {
        "type": "string",
        "description": f"{enum['comment']}\n\n{meanings}",
        "enum": [value["name"] for value in enum["value"]],
    }


class Schemas:
    """Makes the schemas of messages and collects in `components` all that they refer to."""

    def __init__(self, contract: Contract) -> None:
        self.components: dict[str, Node] = {}
        self._contract = contract
        self._answered: set[str] = set()
        for service in contract.services.values():
            for method in service["method"]:
                self._note_answer(method["output_type"].removeprefix("."))

    def add_request(self, name: str, without: Collection[str] = ()) -> Node:
        """Reference to a message that a caller sends, less the fields that its path has."""
        return self._add(name, answer=False, without=without)

    def add_answer(self, name: str) -> Node:
        """Reference to a message that the server sends."""
        return self._add(name, answer=True)

    def field(self, field: Node, *, answer: bool = False) -> Node:
        """One field with its rules and comment."""
        rules = _rules(field)
        inner = self._contract.messages.get(field.get("type_name", "").removeprefix("."), {})
        if inner.get("options", {}).get("map_entry"):
            value = self.field(inner["field"][1], answer=answer)
            return {"type": "object", "additionalProperties": value} | _description(field)
        if field.get("label") != "LABEL_REPEATED":
            return self._value(field, answer) | self._constraints(field, rules) | _description(field)
        items = self._value(field, answer) | self._constraints(field, rules.get("repeated", {}).get("items", {}))
        return {"type": "array", "items": items} | self._constraints(field, rules) | _description(field)

    def _note_answer(self, name: str) -> None:
        """Note all messages that are part of an answer: what a caller sends of those has a schema of its own."""
        if name in self._answered or name not in self._contract.messages:
            return
        self._answered.add(name)
        for field in self._contract.messages[name].get("field", ()):
            self._note_answer(field.get("type_name", "").removeprefix("."))

    def _add(self, name: str, *, answer: bool, without: Collection[str] = ()) -> Node:
        goes_both_ways = not answer and name.removeprefix(".") in self._answered
        key = f"{short(name)}Input" if goes_both_ways else short(name)
        if key not in self.components:
            self.components[key] = {}  # a message may hold itself
            message = self._contract.messages[name.removeprefix(".")]
            fields = [field for field in message.get("field", ()) if field["name"] not in without]
            self.components[key] = {
                "type": "object",
                "description": "\n\n".join((message["comment"], *message_rules(message))),
                "properties": {field["name"]: self.field(field, answer=answer) for field in fields},
            }
            ours = name.removeprefix(".").startswith("yoyaku.")
            required = [f["name"] for f in fields if is_required(f) or (answer and _always_set(f, ours))]
            if required:
                self.components[key]["required"] = required
        return {"$ref": f"#/components/schemas/{key}"}

    def _value(self, field: Node, answer: bool) -> Node:
        name = field.get("type_name", "").removeprefix(".")
        if name in _WELL_KNOWN:
            return _WELL_KNOWN[name]
        if field["type"] == "TYPE_MESSAGE":
            return self._add(name, answer=answer)
        if field["type"] == "TYPE_ENUM":
            self.components.setdefault(short(name), enum_schema(self._contract.enums[name]))
            return {"$ref": f"#/components/schemas/{short(name)}"}
        return _SCALARS[field["type"]]

    def _constraints(self, field: Node, rules: Node) -> Node:
        kind, values = _kind(rules)
        if kind == "enum":
            names = {v.get("number", 0): v["name"] for v in self._contract.enums[field["type_name"][1:]]["value"]}
            refused = [names[number] for number in values.get("not_in", ())]
            return {"not": {"enum": refused}} if refused else {}
        found: Node = {}
        for name, value in values.items():
            if name in _FORMATS:
                found["format"] = _FORMATS[name]
            elif name in _KEYWORDS:
                found[_KEYWORDS[name]] = int(value) if name in _COUNTS else value
        return found


def is_required(field: Node) -> bool:
    """Whether a request without the field breaks a rule, since its zero value does."""
    rules = _rules(field)
    if rules.get("required"):
        return True
    if rules.get("ignore") or "proto3_optional" in field or field["type"] == "TYPE_MESSAGE":
        return False
    kind, values = _kind(rules)
    if kind in {"enum", "uint32", "int32"}:
        return 0 in values.get("not_in", ()) or values.get("gte", 0) > 0 or values.get("gt", -1) >= 0
    return (
        any(name in _FORMATS for name in values)
        or int(values.get("min_len", 0)) > 0
        or int(values.get("min_items", 0)) > 0
        or not re.search(values.get("pattern", ""), "")
        or "" not in values.get("in", [""])
    )


def message_rules(message: Node) -> list[str]:
    """The rules that no keyword can say, in the words of their refusal."""
    rules = message.get("options", {}).get("[buf.validate.message]", {}).get("cel", ())
    return [f"Rule: {rule['message']}." for rule in rules]


def _rules(field: Node) -> Node:
    rules: Node = field.get("options", {}).get("[buf.validate.field]", {})
    return rules


def _kind(rules: Node) -> tuple[str, Node]:
    """The type that the rules are of, and the rules."""
    return next(((kind, values) for kind, values in rules.items() if isinstance(values, dict)), ("", {}))


def _always_set(field: Node, ours: bool) -> bool:
    """Whether an answer always has the field: unless it is one of several, optional, or said to be unset at times."""
    if field.get("label") == "LABEL_REPEATED":
        return True
    if field["type"] == "TYPE_MESSAGE":
        return (
            ours
            and "oneof_index" not in field
            and not re.search(r"\b(not set|unset)\b", field["comment"], re.IGNORECASE)
        )
    return "oneof_index" not in field


def _description(field: Node) -> Node:
    return {"description": field["comment"]} if field["comment"] else {}
