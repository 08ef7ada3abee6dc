"""The files of an export: which of a directory are read, and what each of their lines holds."""

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from server.domain.people.characters import escaped
from server.fhir.fields import Json, Unusable, items, mapping

MOST_OF_A_LINE = 10_000_000
"""Bytes; longer lines are reported."""
MOST_OF_A_BUNDLE = 100_000_000
"""Bytes of a .json file, which is read at once."""

_MOST_NAMED = 10
_GZIP = b"\x1f\x8b"
_LINES, _WHOLE = (".ndjson", ".ndjson.gz"), (".json", ".json.gz")
_ENDINGS = ".ndjson, .ndjson.gz, .json or .json.gz"


class ExportError(Exception):
    """A directory is no export that can be read; the text says why and what to do."""


def found_in(directory: Path) -> tuple[list[Path], dict[Path, str]]:
    """The files to read in a directory and those below it, in order; and those to skip, with the reason (ExportError).

    Links to directories are not followed.
    """
    if not directory.is_dir():
        raise ExportError(f"there is no directory {directory}: name the one that holds the export's .ndjson files")
    try:
        every = sorted(path for path in directory.rglob("*") if path.is_symlink() or not path.is_dir())
    except OSError as error:
        raise ExportError(f"{error.filename} cannot be read: {error.strerror}") from None
    skipped = {path: reason for path in every if (reason := _unread(path, directory))}
    files = [path for path in every if path not in skipped]
    if not files:
        named = "".join(f"; {escaped(path.name)}: {reason}" for path, reason in list(skipped.items())[:_MOST_NAMED])
        raise ExportError(
            f"{directory} contains no file that ends in {_ENDINGS} and can be read: name the directory that holds the"
            f" downloaded export{named}"
        )
    return files, skipped


def _unread(path: Path, directory: Path) -> str:
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return "it is a link that leads nowhere: the file is skipped"
    if not target.is_relative_to(directory.resolve()):
        return "it is a link that leaves the directory: the file is skipped; copy it there if it belongs to the export"
    if not target.is_file():
        return "it is no regular file: it is skipped"
    if not path.name.casefold().endswith(_LINES + _WHOLE):
        return f"its name does not end in {_ENDINGS}: the file is skipped"
    if not target.stat().st_size:
        return "it is empty: the file is skipped; download it again if there should be something in it"
    return ""


def resources(path: Path) -> Iterator[tuple[int, Json | Unusable]]:
    """What each line of a file holds, with its number; those in a Bundle have the number of its line (ExportError)."""
    try:
        with _opened(path) as content:
            is_whole = path.name.casefold().endswith(_WHOLE)
            for number, line in enumerate(_whole(content) if is_whole else _lines(content), 1):
                yield from ((number, each) for each in _parsed(line))
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or "it is damaged"
        raise ExportError(f"{path} cannot be read: {reason}; download it again") from None


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        is_zipped = file.read(len(_GZIP)) == _GZIP
    return gzip.open(path, "rb") if is_zipped else path.open("rb")  # type: ignore[return-value]  # read the same way


def _whole(content: IO[bytes]) -> Iterator[bytes | None]:
    read = content.read(MOST_OF_A_BUNDLE + 1)
    yield read if len(read) <= MOST_OF_A_BUNDLE else None


def _lines(content: IO[bytes]) -> Iterator[bytes | None]:
    """Each line; None for one that is too long."""
    while line := content.readline(MOST_OF_A_LINE + 1):
        too_long = len(line) > MOST_OF_A_LINE
        while too_long and line and not line.endswith(b"\n"):
            line = content.readline(MOST_OF_A_LINE)
        yield None if too_long else line


def _parsed(line: bytes | None) -> Iterator[Json | Unusable]:
    if line is not None and not line.strip():
        return
    try:
        resource = _json(line)
    except Unusable as unusable:
        yield unusable
        return
    if resource.get("resourceType") != "Bundle":
        yield resource
        return
    for entry in items(resource.get("entry")):
        held = mapping(entry.get("resource"))
        url = str(entry.get("fullUrl") or "")
        by_url = url.rpartition(":" if url.lower().startswith("urn:uuid:") else "/")[2]
        yield {"id": by_url, **held} if by_url else held


def _json(line: bytes | None) -> Json:
    if line is None:
        raise Unusable(f"it is longer than {MOST_OF_A_LINE:,} bytes, or a Bundle than {MOST_OF_A_BUNDLE:,}")
    try:
        resource = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Unusable("it is not UTF-8") from None
    except (ValueError, RecursionError):
        raise Unusable("it is not JSON") from None
    if not isinstance(resource, dict):
        raise Unusable("it is not a JSON object")
    return resource
