"""`python -m server token ROLE`: prints an access token for an account of the running demo."""

import asyncio
from typing import Annotated

import typer

from server.commands import app, fail
from server.commands.running import settings_of, stack
from server.config import Settings
from server.wiring import wired


@app.command()
def token(
    role: Annotated[str, typer.Argument(help="patient, second_patient, doctor, staff, admin, system or display.")],
) -> None:
    """Print an access token, valid for 15 minutes, for a demo account of the stack that `make up` runs."""
    running = stack()
    if role not in running.accounts:
        raise fail(f"there is no account {role}: choose one of {', '.join(running.accounts)}")
    issued = asyncio.run(issue(settings_of(running), running.accounts[role]["id"]))
    if issued is None:
        raise fail(
            f"the account {role} is no longer in the database: choose another, or restart the stack: `make down up`"
        )
    print(issued)


async def issue(configured: Settings, account_id: str) -> str | None:
    """An access token for an account of the database that the settings name, or None if it is not there."""
    async with wired(configured) as parts:
        return await parts.tokens.issue(account_id)
