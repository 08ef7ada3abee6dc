"""`python -m server token ROLE`: an access token for an account of the running demo stack."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from server.commands import app, fail, settings
from server.config import Settings
from server.wiring import wired


@app.command()
def token(
    role: Annotated[str, typer.Argument(help="patient, second_patient, doctor, staff, admin, system or display.")],
) -> None:
    """Print an access token, good for 15 minutes, for a demo account of the stack that `make up` started."""
