"""`python -m server export-fhir DIR`: writes the book as a FHIR R4 bulk export."""

import asyncio
import json
import os
import shutil
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from server.commands import app, end_on_sigterm_as_on_ctrl_c, fail
from server.commands.data.durable import sync_directory
from server.commands.failures import told
from server.commands.running import settings_here
from server.config import Settings
from server.domain.errors import DomainError
from server.domain.people.characters import flaw
from server.usecases.exporting.resources import Json
from server.usecases.exporting.run import Exporter
from server.usecases.keyrings import KeyRingError
from server.wiring import wired

_MOST_OF_A_REASON = 500


@app.command(name="export-fhir")
def export_fhir(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Directory to make; one that exists must be empty.")],
    with_records: Annotated[
        str,
        typer.Option(metavar="REASON", help="Write medical records too; the reason goes into each access log."),
    ] = "",
) -> None:
    """Write the book as a FHIR R4 bulk export: a file of ndjson for each type of resource.

    Medical records are left out unless --with-records gives a reason, which each patient can read in the access log.

    Works on YOYAKU_DATABASE_URL, or on the stack that `make up` runs. All of it is the state of one moment. DIR appears
    once it is complete; only its owner can read it. `import-fhir` reads it, here or elsewhere.
    """
    target, reason = directory.resolve(), _checked(with_records)
    partial = target.with_name(f"{target.name}.partial")
    _check(target)
    try:
        partial.mkdir(mode=0o700)
    except FileExistsError:
        raise fail(f"{partial} exists: another export is running, or was killed; remove it in that case") from None
    except OSError as error:
        raise fail(f"{partial} cannot be made: {error.strerror}; its parent directory must exist") from None
    end_on_sigterm_as_on_ctrl_c()
    try:
        counts = asyncio.run(_export(settings_here(), partial, reason))
        partial.rename(target)
        sync_directory(target.parent)
    except DomainError as error:
        raise fail(f"{told(error)}; nothing was written") from None
    except KeyRingError as error:
        raise fail(f"{error}; nothing was written") from None
    except OSError as error:
        raise fail(f"{target} cannot be written: {error.strerror}; nothing was written") from None
    except KeyboardInterrupt:
        raise fail("stopped; nothing was written") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    for kind, count in counts.items():
        print(f"{kind:<18}{count:>10}")
    print(f"written to {target}")


def _check(target: Path) -> None:
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise fail(f"{target} is not an empty directory: name one that is, or one that does not exist yet")


def _checked(reason: str) -> str:
    given = reason.strip()
    if len(given) > _MOST_OF_A_REASON or (reason and (not given or flaw(given))):
        raise fail(f"--with-records needs a reason of one line and at most {_MOST_OF_A_REASON} characters")
    return given


async def _export(configured: Settings, partial: Path, reason: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    with ExitStack() as stack:
        files: dict[str, BinaryIO] = {}
        async with wired(configured) as parts:
            async for kind, resources in Exporter(parts.engine, parts.clock, parts.cipher, parts.trail).run(reason):
                if kind not in files:
                    files[kind] = stack.enter_context(_created(partial / f"{kind}.ndjson"))
                files[kind].write(_lines(resources))
                counts[kind] += len(resources)
        for file in files.values():
            file.flush()
            os.fsync(file.fileno())
    sync_directory(partial)
    return counts


def _created(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _lines(resources: Sequence[Json]) -> bytes:
    return b"".join(json.dumps(each, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for each in resources)
