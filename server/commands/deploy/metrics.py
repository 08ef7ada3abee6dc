"""`python -m server metrics`: docs/metrics.md, the list of all metrics."""

from server.commands import app
from server.telemetry import catalogue


@app.command()
def metrics() -> None:
    """Print the list of metrics that docs/metrics.md holds."""
    print(catalogue.page(), end="")
