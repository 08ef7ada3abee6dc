"""`python -m server rotate-keys`: makes the next key that signs access tokens."""

import asyncio

from db.postgres.identity.accounts import SigningKeyRow
from server.commands import app
from server.commands.running import settings_here
from server.config import Settings
from server.wiring import wired


@app.command(name="rotate-keys")
def rotate_keys() -> None:
    """Make the next key that signs access tokens and publish it at once; it is used once all servers know it.

    Works on YOYAKU_DATABASE_URL, or on the stack that `make up` runs, without interrupting calls. The previous key
    stays published until its last token has expired, and is then deleted. Running this again before the new key is
    used changes nothing.
    """
    row = asyncio.run(_rotate(settings_here()))
    print(f"key {row.kid} is published and will sign from {row.signs_from:%Y-%m-%dT%H:%M:%SZ}")


async def _rotate(configured: Settings) -> SigningKeyRow:
    async with wired(configured) as parts:
        return await parts.keys.rotate()
