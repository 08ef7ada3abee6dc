"""`python -m server rotate-record-keys`: wraps the keys of medical records with the newest master key."""

import asyncio

from server.commands import app, fail
from server.commands.failures import told
from server.commands.running import settings_here
from server.config import Settings
from server.domain.errors import DomainError
from server.usecases.keyrings import KeyRingError
from server.wiring import wired


@app.command(name="rotate-record-keys")
def rotate_record_keys() -> None:
    """Wrap the data keys of medical records with the first of YOYAKU_RECORD_MASTER_KEYS, without interrupting calls.

    Works on YOYAKU_DATABASE_URL, or on the stack that `make up` runs. Every worker must have that key already. When it
    has finished, the other master keys can be removed. If it is interrupted, run it again to continue.
    """
    try:
        rewrapped = asyncio.run(_rotate(settings_here()))
        print(f"{rewrapped} data keys were rewrapped; all of them now use the first master key")
    except KeyRingError as error:
        raise fail(str(error)) from None
    except DomainError as error:
        raise fail(f"{told(error)} (run the same command again to continue)") from None


async def _rotate(configured: Settings) -> int:
    async with wired(configured) as parts:
        return sum([count async for count in parts.record_keys.rotate()])
