"""`python -m server restore-archive FILE...`: what `archive` took out comes back."""

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from server.commands import app, fail
from server.commands.running import settings_here
from server.config import Settings
from server.domain.archives import ArchiveError, decode
from server.domain.errors import DomainError
from server.usecases.keyrings import KeyRingError
from server.usecases.maintenance.archiving import Archiving
from server.wiring import wired


@app.command(name="restore-archive")
def restore_archive(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Archive files, under their original names.")],
) -> None:
    """Put the rows of archives back into the database; those that are there stay as they are.

    Works on YOYAKU_DATABASE_URL, or on the stack that `make up` runs. A file is restored whole or not at all.
    """
    for file in in_order(files):
        try:
            rows = decode(file.read_bytes())
            added = asyncio.run(_restore(settings_here(), rows))
        except OSError as error:
            raise fail(f"{file} cannot be read: {error.strerror}") from None
        except (ArchiveError, KeyRingError) as error:
            raise fail(f"{file}: {error}; nothing of it was restored") from None
        except DomainError as error:
            raise fail(error.message) from None
        print(f"{file.name}: {added} of {len(rows)} rows were missing and have been restored")


def in_order(files: Iterable[Path]) -> list[Path]:
    """Appointments before the records about them, the newest first.

    What a run that was killed has written may lie in a later archive too, as it was by then: that is to come back.
    """
    return sorted(sorted(files, key=lambda file: file.name, reverse=True), key=lambda file: "-records." in file.name)


async def _restore(configured: Settings, rows: Sequence[tuple[str, str]]) -> int:
    async with wired(configured) as parts:
        archiving = Archiving(parts.engine, parts.clock, parts.vault)
        return await archiving.put_back(rows)
