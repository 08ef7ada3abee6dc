"""The second place: a restic repository with encrypted copies of Barman's directory, anywhere restic reaches."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from server.backups import BackupError, programs

_HOST = "yoyaku"
_KEPT = ("--keep-last=10", "--keep-hourly=24", "--keep-daily=7", "--keep-monthly=12")


class Copy(NamedTuple):
    """A copy of everything, as it was at a time."""

    id: str
    made_at: datetime


class SecondPlace:
    """A repository (a directory, `sftp:`, `s3:`), and the password that its contents are encrypted with."""

    def __init__(self, repository: str, password: str) -> None:
        self._environment: Mapping[str, str] = programs.environment(
            RESTIC_REPOSITORY=repository, RESTIC_PASSWORD=password, RESTIC_PROGRESS_FPS="0"
        )
        self._password = password

    def prepare(self) -> None:
        """Make the repository unless there is one. Raises BackupError."""
        if not self._password:
            raise BackupError("YOYAKU_SECOND_PLACE_PASSWORD is not set: openssl rand -base64 32 makes one")
        try:
            self._run("cat", "config", "--no-lock")  # another process may be forgetting old copies
        except BackupError as error:
            if "wrong password" in str(error):
                raise BackupError(
                    "YOYAKU_SECOND_PLACE_PASSWORD is not the one of the second place: take it from its escrow"
                ) from None
            self._run("init")

    def copy(self, directory: Path) -> None:
        """Copy what is new in a directory. Raises BackupError."""
        self._run("unlock")  # of a run that was killed; a lock in use stays
        self._run("backup", "--quiet", "--host", _HOST, "--exclude", "*.log", "--exclude", "*.lock", str(directory))

    def thin_out(self) -> None:
        """Forget old copies: the last ten, a day's hours, seven days and twelve months stay."""
        self._run("forget", "--quiet", "--prune", "--group-by", "host", *_KEPT)

    def copies(self) -> list[Copy]:
        """All copies, the newest first."""
        found = [
            Copy(row["short_id"], _time(row["time"]))
            for row in json.loads(self._run("snapshots", "--json", "--no-lock"))
        ]
        return sorted(found, key=lambda copy: copy.made_at, reverse=True)

    def fetch(self, into: Path) -> Path:
        """Bring the newest copy into a new directory and check every byte of it; where Barman's directory is now."""
        if not self.copies():
            raise BackupError("the second place has no copy yet: see docs/dr.md for what else there is")
        self._run("restore", "latest", "--host", _HOST, "--verify", "--target", str(into))
        return next(path.parent for path in into.rglob("barman.conf"))

    def _run(self, *arguments: str) -> str:
        return programs.run(["restic", *arguments], self._environment, what=f"restic {arguments[0]}")


def _time(text: str) -> datetime:
    # restic writes nanoseconds.
    head, _, rest = text.partition(".")
    zone = rest.lstrip("0123456789")
    return datetime.fromisoformat(f"{head}{'+00:00' if zone in {'', 'Z'} else zone}")
