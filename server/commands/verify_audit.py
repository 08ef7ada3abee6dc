"""`python -m server verify-audit`: whether the audit trail of medical records is whole."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from server.commands import app, fail
from server.commands.running import settings_here
from server.config import Settings
from server.domain.errors import DomainError
from server.usecases.keyrings import KeyRing
from server.usecases.records.checkpoints import Checkpoint, CheckpointError, decode
from server.usecases.records.verification import Checking
from server.wiring import wired

FLAWED = 2


@app.command(name="verify-audit")
def verify_audit(
    checkpoints: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[CHECKPOINT]...",
            help="Files written by audit-checkpoint: with them, rows cut off at the end are noticed too.",
        ),
    ] = None,
) -> None:
    """Check the chain of every patient's access log, and name the first changed or missing row of each.

    Works on YOYAKU_DATABASE_URL, or on the stack that `make up` runs, while calls go on.

    Exit code 0: all rows are as they were written; 1: it could not be checked; 2: rows were changed or are missing.
    """
    try:
        flawed, whole = asyncio.run(_verify(settings_here(), checkpoints or []))
    except DomainError as error:
        raise fail(error.message) from None
    if flawed:
        print(f"{flawed} chains are damaged, {whole} are")
        raise typer.Exit(FLAWED)
    print(f"{whole} chains are whole")


async def _verify(configured: Settings, files: list[Path]) -> tuple[int, int]:
    flawed = whole = 0
    async with wired(configured) as parts:
        checkpoints = [_read(file, parts.audit_keys) for file in files]
        async for flaw in Checking(parts.engine, parts.audit_keys).flaws(checkpoints):
            if flaw:
                print(flaw)
            flawed, whole = flawed + bool(flaw), whole + (flaw is None)
    return flawed, whole


def _read(file: Path, keys: KeyRing) -> Checkpoint:
    try:
        return decode(file.read_bytes(), keys)
    except OSError as error:
        raise fail(f"{file} cannot be read: {error.strerror}") from None
    except CheckpointError as error:
        raise fail(f"{file} {error}") from None
