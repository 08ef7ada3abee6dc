"""`yoyaku COMMAND`, also `python -m yoyaku`; `--help` lists the commands."""

from yoyaku.cli import browsing, changing, letters, records, signing_in, watching
from yoyaku.cli.session import app

__all__ = ["app", "browsing", "changing", "letters", "main", "records", "signing_in", "watching"]


def main() -> None:
    """Run the command that the arguments name."""
    app(prog_name="yoyaku")


if __name__ == "__main__":
    main()
