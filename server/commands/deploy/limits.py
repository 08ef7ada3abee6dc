"""`limits`: how often callers may call, changed while Envoy runs."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from server.commands import app, fail
from server.edge.limits import NAMES, LimitError, Limits, parse
from server.edge.render import write_limits
from server.local import HOME

LIMIT = f"NAME=PER_SECOND/BURST, where NAME is one of {', '.join(NAMES)}; repeat for each."


@app.command()
def limits(
    limit: Annotated[list[str] | None, typer.Argument(help=LIMIT)] = None,
    directory: Annotated[Path, typer.Option(help="Where Envoy's configuration is.")] = HOME / "envoy",
) -> None:
    """Change Envoy's rate limits at once; those not named get their defaults. A changed limit starts full."""
    if not directory.is_dir():
        raise fail(f"there is no {directory}: run `make up`, or name the directory of Envoy's configuration")
    wanted = parsed_limits(limit or ())
    write_limits(wanted, directory)
    print(wanted)


def parsed_limits(texts: Iterable[str]) -> Limits:
    """The requested limits; if they are wrong, ends the program with a text that says why."""
    try:
        return parse(texts)
    except LimitError as error:
        raise fail(str(error)) from None
