"""`python -m server audit-checkpoint FILE`: how far the audit trail goes now, signed, to be kept elsewhere."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from server.commands import app, fail
from server.commands.running import settings_here
from server.config import Settings
from server.domain.errors import DomainError
from server.usecases.records.checkpoints import Checkpoint, encode
from server.usecases.records.verification import Checking
from server.wiring import wired


@app.command(name="audit-checkpoint")
def audit_checkpoint(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file; move it to a safe place afterwards.")],
) -> None:
    """Write the last row of every patient's access log, signed, into a file for verify-audit.

    Works on YOYAKU_DATABASE_URL, or on the stack that `make up` runs, while calls go on.
    """
    try:
        count, content = asyncio.run(_checkpoint(settings_here()))
        with file.open("xb") as written:
            written.write(content)
    except DomainError as error:
        raise fail(error.message) from None
    except OSError as error:
        raise fail(f"{file} cannot be written: {error.strerror}") from None
    print(f"{count} chains are in {file}: keep it where nobody who can change the database can change it")


async def _checkpoint(configured: Settings) -> tuple[int, bytes]:
    async with wired(configured) as parts:
        made_at, heads = parts.clock(), {}
        async for chain in Checking(parts.engine, parts.audit_keys).chains():
            if chain.mac is None:
                raise fail("a row of the audit trail is already missing: run verify-audit")
            heads[chain.patient_id] = (chain.seq, chain.mac)
        return len(heads), encode(Checkpoint(made_at, heads), parts.audit_keys)
