"""`python -m server migrate`: migrates the database and makes a key to sign tokens with."""

import asyncio

from db.errors import Unreachable
from db.postgres import schema
from server.commands import app, fail, settings
from server.config import Settings
from server.wiring import wired


@app.command()
def migrate() -> None:
    """Migrate the database at YOYAKU_DATABASE_URL to the newest schema and make the first signing key."""
    try:
        asyncio.run(_migrate(settings(Settings)))
    except Unreachable as error:
        raise fail(
            f"{error}: check that YOYAKU_DATABASE_URL names the primary, and that no other migration is running"
        ) from None
    print(f"schema is at {schema.head()}")


async def _migrate(configured: Settings) -> None:
    await schema.upgrade(configured.database_url.get_secret_value())
    async with wired(configured) as parts:
        await parts.keys.ensure()
