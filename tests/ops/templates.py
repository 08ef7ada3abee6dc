"""The CloudFormation templates, as made, and what tests ask of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


PROGRAMS = ROOT / ".venv-aws" / "bin"


Resources = dict[str, Any]


def of(resources: Resources, kind: str) -> list[dict[str, Any]]:
    """The properties of all resources of a type, such as `ECS::Service`."""
    return [each.get("Properties", {}) for each in resources.values() if each["Type"] == f"AWS::{kind}"]


def of_name(resources: Resources, kind: str, field: str, value: str) -> Any:
    """The properties of the one resource of a type that has this value in a field."""
    [found] = [each for each in of(resources, kind) if each.get(field) == value]
    return found


def containers(resources: Resources) -> Iterator[dict[str, Any]]:
    for task in of(resources, "ECS::TaskDefinition"):
        yield from task["ContainerDefinitions"]


def environment(container: dict[str, Any]) -> dict[str, Any]:
    return {each["Name"]: each["Value"] for each in container.get("Environment", [])}
