"""The directory of downtime sheets: files that only its owner can read, each replaced as a whole."""

import fcntl
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from server.commands.data.durable import sync_directory
from server.usecases.downtime import pages
from server.usecases.downtime.pages import Written

_SHEET = re.compile(r"\.?\d{4}-\d\d-\d\d-[0-9a-f-]{36}\.html(\.partial)?")


class SheetFiles:
    """Writes sheets, and an index that says how old they are."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._sheets: dict[str, Written] = {}
        self._stale_since: datetime | None = None
        with suppress(OSError, ValueError, TypeError, KeyError):
            known = json.loads((directory / "manifest.json").read_text())
            self._sheets = {each["file"]: Written(**each) for each in known["sheets"]}
            self._stale_since = known["stale_since"] and datetime.fromisoformat(known["stale_since"])

    @property
    def has_sheets(self) -> bool:
        """Whether sheets were written, by this run or the one before."""
        return bool(self._sheets)

    @property
    def as_of(self) -> datetime | None:
        """As of when the oldest sheet is; None if there is none."""
        return min((datetime.fromisoformat(each.as_of) for each in list(self._sheets.values())), default=None)

    @contextmanager
    def locked(self) -> Iterator[bool]:
        """Keep other runs out of the directory; False if one is there already (OSError)."""
        with self._opened(".lock") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    @contextmanager
    def replaced(self, name: str) -> Iterator[TextIO]:
        """A file that takes the place of the one with its name once the block has ended well (OSError)."""
        partial = self._directory / f".{name}.partial"
        with self._opened(partial.name) as file:
            file.truncate()
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.rename(self._directory / name)

    def note(self, sheet: Written) -> None:
        """Take a sheet that was written into the next index."""
        self._sheets[sheet.file] = sheet

    def complete(self, files: set[str]) -> None:
        """All sheets there should be are written: write the index, and remove the others (OSError)."""
        self._sheets = {name: sheet for name, sheet in self._sheets.items() if name in files}
        self._stale_since = None
        self._write_index()
        for file in self._directory.iterdir():
            if _SHEET.fullmatch(file.name) and file.name not in files:
                file.unlink()

    def stale(self, now: datetime) -> None:
        """The database cannot be read: keep the last sheets, and say in the index how old they are (OSError)."""
        ages = [datetime.fromisoformat(each.as_of) for each in self._sheets.values()]
        self._stale_since = min(ages, default=self._stale_since or now)
        self._write_index()

    def _write_index(self) -> None:
        sheets = sorted(self._sheets.values(), key=lambda each: (each.clinic, each.clinic_id, each.date))
        since = self._stale_since.astimezone(UTC).isoformat() if self._stale_since else None
        with self.replaced("manifest.json") as file:
            json.dump({"stale_since": since, "sheets": [asdict(each) for each in sheets]}, file, ensure_ascii=False)
        with self.replaced("index.html") as file:
            file.write(pages.index(sheets, self._stale_since))
        sync_directory(self._directory)

    def _opened(self, name: str) -> TextIO:
        descriptor = os.open(self._directory / name, os.O_RDWR | os.O_CREAT, 0o600)
        return os.fdopen(descriptor, "r+", encoding="utf-8")
