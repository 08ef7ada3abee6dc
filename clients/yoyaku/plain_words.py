"""What is wrong with an argument of a command, and what to write instead: the library says it in words of its own."""

from typing import Any

_SHOWN = 40
_ANOTHER = {
    "int_parsing": "is not a whole number: write digits, such as 20",
    "int_parsing_size": "is not a whole number of usual size: write fewer digits",
    "float_parsing": "is not a number: write it as 2 or 0.5",
    "uuid_parsing": "is not an id: copy all 36 characters, such as 019ab0c2-7d10-7c3e-9a4f-0242ac120003",
}


def reword(error: Any) -> None:
    """Change the message of a BadParameter of Typer, if it is about a number or an id."""
    # Of Pydantic, which newer versions of Typer use.
    found: list[Any] = getattr(error.__cause__, "errors", list)()
    if found and (words := _words(found[0])):
        written = str(found[0]["input"])
        error.message = f"{written[:_SHOWN]!r}{'...' if len(written) > _SHOWN else ''} {words}"


def _words(wrong: Any) -> str | None:
    match wrong["type"]:
        case "greater_than_equal":
            return f"is too small: write {wrong['ctx']['ge']} or more"
        case "less_than_equal":
            return f"is too large: write {wrong['ctx']['le']} or less"
        case kind:
            return _ANOTHER.get(kind)
