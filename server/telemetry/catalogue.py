"""Makes docs/metrics.md, the list of all metrics, from the code that defines them."""

from collections.abc import Iterator
from typing import NamedTuple

from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.metrics_core import CounterMetricFamily

from server.telemetry import metrics
from server.telemetry.readings import READINGS

_INTRODUCTION = """\
# Metrics

All metrics, and where Prometheus finds them. Every process of a task offers its metrics, and one of them answers
Prometheus for all, at `YOYAKU_METRICS_LISTEN` ([configuration](configuration.md)); the label `process` distinguishes
them. Envoy's metrics have an address of their own ([edge](edge.md#metrics-logs-and-health)).

Names and units follow OpenTelemetry's conventions where there is one, and begin with `yoyaku_` where there is none.
Labels are closed sets: nothing that a caller chooses, and nothing about a person, becomes one. `process_*` comes from
Prometheus' own client.

This page is made by `make metrics`.

| metric | type | labels | what |
| --- | --- | --- | --- |
"""


class Entry(NamedTuple):
    """A metric as Prometheus sees it."""

    name: str
    type: str
    labels: tuple[str, ...]
    help: str


def entries() -> Iterator[Entry]:
    """All our metrics, by name."""
    for found in vars(metrics).values():
        if isinstance(found, MetricWrapperBase):
            (family,) = found.describe()
            suffix = "_total" if family.type == "counter" else ""
            labels = tuple(found._labelnames)  # noqa: SLF001  # the library has no other way
            yield Entry(family.name + suffix, family.type, labels, family.documentation)
    for name, reading in READINGS.items():
        counts = reading.kind is CounterMetricFamily
        yield Entry(
            f"{name}_total" if counts else name, "counter" if counts else "gauge", tuple(reading.labels), reading.help
        )


def page() -> str:
    """The text of the page."""
    rows = (
        f"| `{each.name}` | {each.type} | {', '.join(f'`{label}`' for label in each.labels)} | {each.help} |\n"
        for each in sorted(set(entries()))
    )
    return _INTRODUCTION + "".join(rows)
