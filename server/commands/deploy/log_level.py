"""`python -m server log-level`: changes how much all processes log, while they run."""

import asyncio
from datetime import timedelta
from typing import Annotated

import typer

from db.errors import StateError
from db.valkey.client import create_client
from server.commands import app, fail
from server.commands.running import settings_here
from server.config import Settings
from server.log_level import Level, LogLevel
from server.usecases.identity.signing_keys import KeyEncryptionKeyError, key_encryption_key
from server.usecases.sealing import signer_of_valkey

_MOST_MINUTES = 24 * 60


@app.command(name="log-level")
def log_level(
    level: Annotated[
        Level | None, typer.Argument(help="The new level; reset: as configured; nothing: show it.")
    ] = None,
    minutes: Annotated[
        int, typer.Option(min=1, max=_MOST_MINUTES, help="For how long, then as configured again.")
    ] = 60,
) -> None:
    """Change the log level of all workers and notification workers within two seconds, or show it.

    Works on YOYAKU_CACHE_URL, through which processes learn of it, or on the stack that `make up` runs. Processes that
    start later follow it too. debug adds each trip to the database, by the names of its statements.
    """
    try:
        print(asyncio.run(_change(settings_here(), level, timedelta(minutes=minutes))))
    except KeyEncryptionKeyError as error:
        raise fail(str(error)) from None
    except StateError as error:
        raise fail(f"Valkey failed ({error}), nothing was changed: check YOYAKU_CACHE_URL, then try again") from None


async def _change(configured: Settings, level: Level | None, life: timedelta) -> str:
    valkey = create_client(*configured.cache)
    signer = signer_of_valkey(key_encryption_key(configured.key_encryption_key.get_secret_value()))
    followed = LogLevel(valkey, signer, configured.log_level)
    try:
        if level is Level.RESET:
            await followed.reset()
        elif level:
            await followed.change(level, life)
        now = await followed.wanted()
        left = await followed.remaining()
    finally:
        await valkey.aclose()
    return f"{now} for {left / timedelta(minutes=1):.0f} minutes" if now else "as configured (YOYAKU_LOG_LEVEL)"
