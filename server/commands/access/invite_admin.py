"""`python -m server invite-admin EMAIL`: makes the first account of a new system."""

import asyncio
from typing import Annotated

import typer

from server.commands import app, fail
from server.commands.running import settings_here
from server.config import Settings
from server.usecases.identity.password_offers import Offer
from server.wiring import wired


@app.command(name="invite-admin")
def invite_admin(email: Annotated[str, typer.Argument(metavar="EMAIL", help="Signs in with it.")]) -> None:
    """Make an admin's account and print a token that sets its password, valid once and for 7 days.

    Run it again if the token was lost: as long as the account has no password, another token replaces the first.
    Works on YOYAKU_DATABASE_URL, or on the stack that `make up` runs. Admins invite everybody else.
    """
    if "@" not in email.strip("@") or not email.isascii():
        raise fail(f"{email} is not an email address")
    offer = asyncio.run(_invite(settings_here(), email))
    print(offer.token)


async def _invite(configured: Settings, email: str) -> Offer:
    async with wired(configured) as parts:
        return await parts.accounts.invite_admin(email)
