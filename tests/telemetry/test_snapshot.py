"""What a scrape says, read for people."""

from server.telemetry.snapshot import Snapshot

BEFORE = """\
# TYPE calls counter
calls_total{method="List",process="1"} 10
calls_total{method="List",process="2"} 7
"""
NOW = """\
# TYPE calls counter
calls_total{method="List",process="1"} 14
calls_total{method="List",process="2"} 2
calls_total{method="Get",process="2"} 1
# TYPE seconds histogram
seconds_bucket{method="List",process="1",le="0.1"} 94
seconds_bucket{method="List",process="1",le="0.5"} 96
seconds_bucket{method="List",process="1",le="+Inf"} 100
seconds_count{method="List",process="1"} 100
seconds_sum{method="List",process="1"} 5
"""


def test_rates_are_what_was_added_and_a_process_that_began_anew_counts_from_zero() -> None:
    lately = Snapshot.of(NOW).since(Snapshot.of(BEFORE))
    assert lately.by("calls_total", "method") == {("List",): 4 + 2, ("Get",): 1}


def test_a_quantile_is_the_bound_of_its_bucket() -> None:
    found = Snapshot.of(NOW)
    assert found.quantile(0.9, "seconds", "method") == {"List": 0.1}
    assert found.quantile(0.95, "seconds", "method") == {"List": 0.5}
    assert found.quantile(0.99, "seconds", "method") == {"List": float("inf")}
