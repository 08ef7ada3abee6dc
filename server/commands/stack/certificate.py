"""`python -m server certificate`: TLS for development."""

from pathlib import Path
from typing import Annotated

import typer

from server.commands import app, fail
from server.local.servers import certificate as certificates


@app.command()
def certificate(
    directory: Annotated[Path, typer.Argument(help="Directory for tls.crt and tls.key.")],
    names: Annotated[
        list[str] | None, typer.Argument(help="Host names and addresses; localhost if none are given.")
    ] = None,
) -> None:
    """Make a self-signed certificate, valid for a year, unless there is one that is valid for another month."""
    for name in names or ():
        if not certificates.is_name(name):
            raise fail(f"{name!r} is no host name or address: write one or more, such as book.example 192.0.2.7")
    print(certificates.keep(directory, names or certificates.HERE) / "tls.crt")
