"""`python -m server archive DIRECTORY`: moves old appointments and medical records to files."""

import asyncio
import os
import secrets
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from db.postgres import schema
from db.postgres.archives import Row
from server.commands import app, fail
from server.commands.data.durable import sync_directory
from server.commands.running import settings_here
from server.config import Settings
from server.domain.archives import ArchiveError, ArchiveKey, decode, encode
from server.usecases.keyrings import KeyRing, KeyRingError
from server.usecases.maintenance.archiving import Archiver
from server.wiring import wired


@app.command()
def archive(
    directory: Annotated[Path, typer.Argument(help="Directory for the files; it must exist.")],
    size: Annotated[int, typer.Option(min=1, max=5_000, help="Appointments or records per batch, and per file.")] = 500,
    pause: Annotated[
        float, typer.Option(min=0, help="Seconds to pause between batches, so that other work gets its turn.")
    ] = 0.1,
) -> None:
    """Move appointments and records that are past their clinic's retention (`record-retention`) to files.

    Works on YOYAKU_DATABASE_URL, or on the stack that `make up` runs, without interrupting calls. It can be stopped
    and run again at any time: rows are deleted from the database only when their file is safe on disk.
    """
    if not directory.is_dir():
        raise fail(f"{directory} is not a directory: create it first, where the files will be kept")
    try:
        appointments, records = asyncio.run(_archive(settings_here(), directory, size, pause))
    except (ArchiveError, KeyRingError) as error:
        raise fail(str(error)) from None
    except OSError as error:
        raise fail(
            f"{directory} cannot be written to: {error.strerror}; nothing was removed without its file"
        ) from None
    print(f"archived {appointments} appointments and {records} records")


async def _archive(configured: Settings, directory: Path, size: int, pause: float) -> tuple[int, int]:
    appointments = records = files = 0

    async with wired(configured) as parts:
        head = schema.head()
        # Names sort by age; two runs in the same second get different ones.
        run = f"{parts.clock():%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"

        def store(kind: str, rows: Sequence[Row]) -> None:
            nonlocal files
            files += 1
            _write(directory / f"{run}-{files:06}-{kind}.ndjson.gz", head, rows, parts.archive_keys)

        archiver = Archiver(parts.engine, parts.clock, parts.cipher)
        async for batch in archiver.run(store, size):
            appointments, records = appointments + batch[0], records + batch[1]
            if any(batch):
                print(f"{appointments} appointments, {records} records")
                await asyncio.sleep(pause)
    return appointments, records


def _write(path: Path, head: str, rows: Sequence[Row], keys: KeyRing) -> None:
    """Write a file so that it is either complete and safe on disk, or does not exist under that name."""
    content = encode(path.name, head, rows, ArchiveKey(keys.current_id, keys.current))
    descriptor, scratch = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        decode(path.name, Path(scratch).read_bytes(), keys.by_id)
        Path(scratch).rename(path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise
    sync_directory(path.parent)
