"""Counters and histograms."""

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from server.telemetry.metrics import Durations

VALUES = (0.0, 0.004, 0.005, 0.0051, 0.3, 5.0, 60.0, 0.005)


def test_many_durations_at_once_count_as_each_alone() -> None:
    pages = []
    for at_once in (False, True):
        registry = CollectorRegistry()
        durations = Durations("seconds", "Seconds.", ["name"], buckets=(0.005, 0.3, 5.0), registry=registry)
        one = durations.labels("a")
        if at_once:
            one.observe_all(VALUES)
        else:
            for each in VALUES:
                one.observe(each)
        pages.append(generate_latest(registry))
    assert pages[0] == pages[1]
    assert b'seconds_bucket{le="0.005",name="a"} 4.0' in pages[0]
