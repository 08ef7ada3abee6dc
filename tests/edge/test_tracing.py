"""Traces that begin at Envoy: of which calls, who decides it, and what they say."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from server.edge.render import EdgeValues, Tracing, render
from tests.edge.clinic import Stack
from tests.edge.envoys import NO_LIMITS, Edge, running_envoy, validate, wait_for_readyz
from tests.fixtures.collector import Collector, collecting
from tests.fixtures.waiting import eventually

THEIRS = "4bf92f3577b34da6a3ce929d0e0e4736"
FORCING = {
    "traceparent": f"00-{THEIRS}-00f067aa0ba902b7-01",
    "x-envoy-force-trace": "1",
    "x-client-trace-id": "mine",
    "user-agent": "somebody's program",
}
PATIENT = "01a21b56-3d9e-73bb-8111-8f85ab29b59c"


@contextmanager
def traced(directory: Path, stack: Stack, percent: float, *, trusted: bool = False) -> Iterator[tuple[Edge, Collector]]:
    """Envoy in front of the worker, with a collector."""
    with collecting() as collector:
        tracing = Tracing(("127.0.0.1", collector.port), percent, trusted)
        workers = [("127.0.0.1", stack.port)]
        with running_envoy(directory, workers=workers, limits=NO_LIMITS, tracing=tracing) as edge:
            wait_for_readyz(edge, 200)
            edge.log_every_refusal()
            yield edge, collector


def ask(edge: Edge, *paths: str) -> list[dict[str, str]]:
    """Call with every header that might force a trace; the lines of the access log about that."""
    for path in paths:
        httpx.get(f"{edge.url}{path}", headers=FORCING)

    def lines() -> list[dict[str, str]]:
        written = [json.loads(line) for line in edge.log().splitlines() if line.startswith("{")]
        calls = [each for each in written if each["method"] not in {None, "healthz"}]
        return calls if len(calls) >= len(paths) else []

    return eventually(lines, otherwise=edge.log)


def test_a_trace_begins_here_and_says_nothing_that_the_caller_chose(stack: Stack, tmp_path: Path) -> None:
    with traced(tmp_path, stack, 100) as (edge, collector):
        (line,) = ask(edge, f"/api/appointments?patient_id={PATIENT}&page_token=secret")
        (span,) = eventually(lambda: list(collector.spans), otherwise=edge.log)
        httpx.get(f"{edge.url}/healthz")
        httpx.get(f"{edge.url}/readyz")
        ask(edge, *[f"/api/appointments?patient_id={PATIENT}"] * 3)
        eventually(lambda: len(collector.spans) >= 3, otherwise=edge.log)
    assert span.trace == line["trace_id"] != THEIRS
    assert span.name == line["method"]
    assert span.parent == ""
    # Health checks leave none.
    assert {each.name for each in collector.spans} == {span.name}
    everything = b"".join(collector.messages)
    for theirs in (PATIENT, "secret", "somebody", "127.0.0.1:"):
        assert theirs.encode() not in everything


@pytest.mark.parametrize("trusted", [False, True])
def test_no_caller_decides_that_its_calls_are_sampled(stack: Stack, tmp_path: Path, *, trusted: bool) -> None:
    with traced(tmp_path, stack, 0, trusted=trusted) as (edge, collector):
        lines = ask(edge, *["/api/clinics"] * 5)
        assert {each["trace_id"] == THEIRS for each in lines} == {trusted}
    assert collector.spans == []


def test_a_call_goes_on_in_the_trace_of_a_trusted_caller(stack: Stack, tmp_path: Path) -> None:
    with traced(tmp_path, stack, 100, trusted=True) as (edge, collector):
        ask(edge, "/api/appointments")
        span = eventually(lambda: list(collector.spans), otherwise=edge.log)[0]
    assert (span.trace, span.parent) == (THEIRS, "00f067aa0ba902b7")


def test_at_most_2048_spans_wait_for_the_collector(stack: Stack, tmp_path: Path) -> None:
    with traced(tmp_path, stack, 100) as (edge, collector), httpx.Client(base_url=edge.url) as http:
        never = {"tracing.opentelemetry.min_flush_spans": 1_000_000, "tracing.opentelemetry.flush_interval_ms": 600_000}
        httpx.post(f"{edge.admin}/runtime_modify", params=never).raise_for_status()
        http.get("/api/appointments")
        eventually(lambda: len(collector.spans) == 1)  # the timer that ran already; the next one ends in ten minutes
        for _ in range(2_200):
            http.get("/api/appointments")
        # The first one too many is dropped, and those that wait are sent.
        eventually(lambda: len(collector.spans) == 1 + 2_048)
        assert len(collector.messages) == 2
        dropped = httpx.get(f"{edge.admin}/stats", params={"filter": "opentelemetry.spans_dropped"}).text
        assert dropped.split()[-1] == "1"


def test_without_a_collector_envoy_has_no_tracer(tmp_path: Path) -> None:
    values = EdgeValues(
        listen=("127.0.0.1", 8080), admin_port=9901, keys_port=9902, metrics=("127.0.0.1", 9903), workers=[]
    )
    configuration = render(values, tmp_path)
    assert "tracers" not in configuration.read_text()
    assert validate(configuration).returncode == 0
