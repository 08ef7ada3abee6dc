"""`python -m server verify-audit`: checks that the audit trail of medical records is complete and unchanged."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from server.commands import app
from server.commands.records.checkpoint_files import read_all
from server.commands.running import settings_here
from server.config import Settings
from server.usecases.records.checkpoints import Witnesses
from server.usecases.records.verification import AuditVerifier
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

    Works on YOYAKU_DATABASE_URL, or on the stack that `make up` runs, without interrupting calls.

    Also names checkpoints that contradict each other, and checkpoints between which one is missing.

    Exit code 0: all rows are unchanged; 1: the check could not be completed; 2: rows were changed or are missing, or
    checkpoints do not match.
    """
    contradictions, flawed, whole = asyncio.run(_verify(settings_here(), checkpoints or []))
    print(f"{whole} chains are whole" + (f", {flawed} are damaged" if flawed else ""))
    if contradictions:
        print(f"{contradictions} contradictions between checkpoints: keep all of these files as evidence")
    if flawed or contradictions:
        raise typer.Exit(FLAWED)


async def _verify(configured: Settings, files: list[Path]) -> tuple[int, int, int]:
    flawed = whole = 0
    async with wired(configured) as parts:
        witnesses = Witnesses(read_all(files, parts.audit_keys))
        for contradiction in witnesses.contradictions:
            print(contradiction)
        async for _, flaw in AuditVerifier(parts.engine, parts.audit_keys).chains(witnesses):
            if flaw:
                print(flaw)
            flawed, whole = flawed + bool(flaw), whole + (flaw is None)
    return len(witnesses.contradictions), flawed, whole
