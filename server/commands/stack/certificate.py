"""`python -m server certificate`: TLS for development."""

from pathlib import Path
from typing import Annotated

import typer

from server.commands import app
from server.local.servers import certificate as certificates


@app.command()
def certificate(
    directory: Annotated[Path, typer.Argument(help="Directory for tls.crt and tls.key.")],
    names: Annotated[
        list[str] | None, typer.Argument(help="Host names and addresses; localhost if none are given.")
    ] = None,
) -> None:
    """Make a self-signed certificate, valid for a year, unless there is one that is valid for another month."""
    print(certificates.keep(directory, names or certificates.HERE) / "tls.crt")
