"""docs/metrics.md is what the code measures."""

from pathlib import Path

from server.telemetry import catalogue


def test_the_page_is_up_to_date() -> None:
    page = Path(__file__).parents[2] / "docs" / "metrics.md"
    assert page.read_text() == catalogue.page(), "run `make metrics`"


def test_the_page_names_each_metric_once() -> None:
    rows = [row for row in catalogue.page().splitlines() if row.startswith("| `")]
    assert len(rows) == len({row.split("|")[1] for row in rows})
