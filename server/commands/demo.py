"""`python -m server demo`: the small demo clinics."""

import asyncio
import json

from server.commands import app, settings
from server.config import Settings
from server.local import demo as clinics
from server.wiring import wired


@app.command()
def demo() -> None:
    """Make the demo clinics unless they are there, and print accounts, clinics and doctors as one line of JSON."""
    print(json.dumps(asyncio.run(_load(settings(Settings)))))


async def _load(configured: Settings) -> dict[str, object]:
    async with wired(configured) as parts:
        return await clinics.load(parts.engine, parts.clock(), parts.new_id)
