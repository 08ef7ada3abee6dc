"""`python -m server restore-archive FILE...`: puts back what `archive` has moved to files."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from server.commands import app, fail
from server.commands.running import settings_here
from server.config import Settings
from server.domain.archives import MOST_BYTES, ArchiveError, decode
from server.usecases.keyrings import KeyRingError
from server.usecases.maintenance.archiving import Archiver
from server.wiring import wired


@app.command(name="restore-archive")
def restore_archive(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Archive files, under their original names.")],
) -> None:
    """Put the rows of archives back into the database; rows that exist stay as they are.

    Works on YOYAKU_DATABASE_URL, or on the stack that `make up` runs. A file is restored completely or not at all.
    """
    for file in in_order(files):
        try:
            added, total = asyncio.run(_restore(settings_here(), file))
        except OSError as error:
            raise fail(f"{file} cannot be read: {error.strerror}") from None
        except (ArchiveError, KeyRingError) as error:
            raise fail(f"{file}: {error}; nothing of it was restored") from None
        print(f"{file.name}: {added} of {total} rows were missing and have been restored")


def in_order(files: Iterable[Path]) -> list[Path]:
    """Appointments before the records about them, newest files first.

    Rows that a killed run has written may also be in a later archive, in a newer state: that state is to be restored.
    """
    return sorted(sorted(files, key=lambda file: file.name, reverse=True), key=lambda file: "-records." in file.name)


async def _restore(configured: Settings, file: Path) -> tuple[int, int]:
    async with wired(configured) as parts:
        with file.open("rb") as opened:
            rows = decode(file.name, opened.read(MOST_BYTES + 1), parts.archive_keys.by_id)
        archiver = Archiver(parts.engine, parts.clock, parts.cipher)
        return await archiver.put_back(rows), len(rows)
