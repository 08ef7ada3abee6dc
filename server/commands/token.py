"""`python -m server token ROLE`: an access token for an account of the running demo."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from server.commands import app, fail, settings
from server.config import PREFIX, Settings
from server.local import state
from server.wiring import wired

HOME = Path(__file__).resolve().parents[2] / ".yoyaku"


@app.command()
def token(
    role: Annotated[str, typer.Argument(help="patient, second_patient, doctor, staff, admin, system or display.")],
) -> None:
    """Print an access token, good for 15 minutes, for a demo account of the stack that `make up` runs."""
    stack = state.read(HOME)
    if stack is None or not stack.accounts:
        raise fail("no stack runs here: start it with `make up`")
    if role not in stack.accounts:
        raise fail(f"there is no account {role}: pick one of {', '.join(stack.accounts)}")
    os.environ[f"{PREFIX}DATABASE_URL"] = stack.database_url
    os.environ[f"{PREFIX}KEY_ENCRYPTION_KEY_FILE"] = stack.key_encryption_key_file
    issued = asyncio.run(_issue(settings(Settings), stack.accounts[role]["id"]))
    if issued is None:
        raise fail(f"the account {role} is not in the database any more: run `make reset` and `make up`")
    print(issued)


async def _issue(configured: Settings, account_id: str) -> str | None:
    async with wired(configured) as parts:
        return await parts.tokens.issue(account_id)
