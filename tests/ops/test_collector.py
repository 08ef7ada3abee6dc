"""The collector's configuration says what the rest of the system says. No collector can be had here to read it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from server.telemetry.call_spans import SLOW_SECONDS
from yoyaku.v1 import appointment_service_pb2

CONFIGURATION = Path(__file__).parents[2] / "ops" / "otel" / "collector.yaml"


@pytest.fixture
def configuration() -> Any:
    return yaml.safe_load(CONFIGURATION.read_text())


def test_pipelines_name_what_is_configured_and_nothing_is_left_over(configuration: Any) -> None:
    service = configuration["service"]
    assert service["extensions"] == [*configuration["extensions"]]
    for kind in ("receivers", "processors", "exporters"):
        used = {name for pipeline in service["pipelines"].values() for name in pipeline[kind]}
        assert used == set(configuration[kind])


def test_memory_is_limited_before_anything_else_and_batches_come_last(configuration: Any) -> None:
    processors = configuration["service"]["pipelines"]["traces"]["processors"]
    assert (processors[0], processors[-1]) == ("memory_limiter", "batch")


def test_failed_and_slow_calls_are_kept_as_the_workers_understand_them(configuration: Any) -> None:
    policies = {each["type"]: each[each["type"]] for each in configuration["processors"]["tail_sampling"]["policies"]}
    assert policies["status_code"] == {"status_codes": ["ERROR"]}
    assert policies["latency"] == {"threshold_ms": SLOW_SECONDS * 1000}
    methods = {
        f"{service.full_name}/{method.name}"
        for service in appointment_service_pb2.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    }
    assert set(policies["string_attribute"]["values"]) <= methods
    assert 0 < policies["probabilistic"]["sampling_percentage"] <= 100
