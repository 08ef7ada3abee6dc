"""docs/metrics.md is what the code measures."""

from pathlib import Path

from server.telemetry import catalogue


def test_the_page_is_up_to_date() -> None:
    page = Path(__file__).parents[2] / "docs" / "metrics.md"
    assert page.read_text() == catalogue.page(), "run `make metrics`"
