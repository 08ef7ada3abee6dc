"""`yoyaku COMMAND`, also `python -m yoyaku`; `--help` lists the commands."""

from yoyaku.cli import browsing, changing, displays, hours, letters, people, records, signing_in, watching
from yoyaku.cli.session import app

__all__ = [
    "app", "browsing", "changing", "displays", "hours", "letters", "main", "people", "records", "signing_in",
    "watching",
]  # fmt: skip


def main() -> None:
    """Run the command that the arguments name."""
    app(prog_name="yoyaku")


if __name__ == "__main__":
    main()
