"""`limits`: how often callers may call, shown and changed while Envoy runs."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from server.commands import app, fail
from server.edge.limits import NAMES, LimitError, Limits, parse
from server.edge.render import read_limits, write_limits
from server.local import HOME

LIMIT = f"NAME=PER_SECOND/BURST, where NAME is one of {', '.join(NAMES)}; repeat for each."


@app.command()
def limits(
    limit: Annotated[list[str] | None, typer.Argument(help=LIMIT)] = None,
    directory: Annotated[Path, typer.Option(help="Where Envoy's configuration is.")] = HOME / "envoy",
) -> None:
    """Show Envoy's rate limits, after changing those that are named, at once. A changed limit starts full."""
    try:
        limits = read_limits(directory)
    except FileNotFoundError:
        raise fail(
            f"there are no limits in {directory}: run `make up`, or name the directory of Envoy's configuration"
        ) from None
    if limit:
        limits = parsed_limits(limit, limits)
        write_limits(limits, directory)
    print(limits)


def parsed_limits(texts: Iterable[str], others: Limits) -> Limits:
    """`others` with the requested limits; if these are wrong, ends the program with a text that says why."""
    try:
        return parse(texts, others)
    except LimitError as error:
        raise fail(str(error)) from None
