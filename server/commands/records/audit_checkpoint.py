"""`python -m server audit-checkpoint FILE [EARLIER]...`: writes a signed checkpoint of the audit trail."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from server.commands import app, fail
from server.commands.records.checkpoint_files import read_all
from server.commands.records.verify_audit import FLAWED
from server.commands.running import settings_here
from server.config import Settings
from server.usecases.records.checkpoints import Checkpoint, Witnesses, encode
from server.usecases.records.verification import AuditVerifier
from server.wiring import wired


@app.command(name="audit-checkpoint")
def audit_checkpoint(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file; move it to a safe place afterwards.")],
    earlier: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[EARLIER]...", help="The checkpoints made before, at least the last one."),
    ] = None,
    first: Annotated[bool, typer.Option("--first", help="There is no earlier checkpoint.")] = False,
) -> None:
    """Write the last row of every patient's access log, signed, to a file for verify-audit.

    First it checks, as verify-audit does, that the trail is complete and matches the earlier checkpoints. The new
    checkpoint names the newest of them. Works on YOYAKU_DATABASE_URL, or on the stack that `make up` runs, without
    interrupting calls.

    Exit code 0: written; 1: it could not be written; 2: the trail is not complete, and nothing was written.
    """
    if first == bool(earlier):
        raise fail("give the earlier checkpoints after FILE, or --first if there are none")
    try:
        count, content = asyncio.run(_checkpoint(settings_here(), earlier or []))
        with file.open("xb") as written:
            written.write(content)
    except OSError as error:
        raise fail(f"{file} cannot be written: {error.strerror}") from None
    print(f"{count} chains are in {file}: keep it where nobody who can change the database can change it")


async def _checkpoint(configured: Settings, earlier: list[Path]) -> tuple[int, bytes]:
    async with wired(configured) as parts:
        witnesses = Witnesses(read_all(earlier, parts.audit_keys))
        made_at, heads, flaws = parts.clock(), {}, [*witnesses.contradictions]
        async for chain, flaw in AuditVerifier(parts.engine, parts.audit_keys).chains(witnesses):
            heads[chain.patient_id] = (chain.seq, chain.mac or b"")
            flaws += [str(flaw)] if flaw else []
        if flaws:
            print("\n".join([*flaws, "the audit trail is not whole: no checkpoint was written"]))
            raise typer.Exit(FLAWED)
        return len(heads), encode(Checkpoint(made_at, heads, witnesses.last_digest), parts.audit_keys)
