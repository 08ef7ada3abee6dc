"""`yoyaku COMMAND`, also `python -m yoyaku`; `--help` lists the commands."""

from yoyaku.cli import records
from yoyaku.cli.appointments import browsing, changing, hours, queue, reports, series, time_off, types, visits, watching
from yoyaku.cli.people import (
    account_list,
    accounts,
    clinics,
    displays,
    notifications,
    patients,
    representatives,
    second_factor,
    sessions,
)
from yoyaku.cli.session import app

__all__ = [
    "account_list", "accounts", "app", "browsing", "changing", "clinics", "displays", "hours", "main", "notifications",
    "patients", "queue", "records", "reports", "representatives", "second_factor", "series", "sessions", "time_off",
    "types", "visits", "watching",
]  # fmt: skip


def main() -> None:
    """Run the command that the arguments name."""
    app(prog_name="yoyaku")


if __name__ == "__main__":
    main()
