"""`python -m server after-restore`: makes a database ready for workers that something else has restored."""

import asyncio

from server.backups.restoring import make_ready
from server.commands import app, settings
from server.config import Settings
from server.usecases.unit_of_work import database_failures_as_domain_errors
from server.wiring import wired


@app.command(name="after-restore")
def after_restore() -> None:
    """Raise the epoch, end all sessions and close the gap in the ledger of notices, as `restore` does by itself.

    Run it on YOYAKU_DATABASE_URL after a restore by RDS, from a snapshot of a disk, or by another program, before any
    worker starts. What may have been sent since is not sent again: it is a dead letter, UNKNOWN.
    """
    epoch, unknown = asyncio.run(_make_ready(settings(Settings)))
    print("all sessions are ended")
    print(f"epoch {epoch} begins; {unknown} notices are dead letters, UNKNOWN")


async def _make_ready(configured: Settings) -> tuple[int, int]:
    with database_failures_as_domain_errors():
        async with wired(configured) as parts:
            return await make_ready(parts)
