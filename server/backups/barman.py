"""Barman: streams WAL, takes full and incremental backups, keeps seven days and twelve months, prepares a restore."""

import getpass
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from db.postgres.recovery import history
from server.backups import BackupError, programs
from server.backups.files import put
from server.local.processes.process import Process, start

NAME = "yoyaku"
SLOT = "barman"
WINDOW = timedelta(days=7)
"""How far back any second can be restored."""
MONTHS_KEPT = timedelta(days=366)
"""How long the first full backup of a month is kept."""
FULL_EVERY = timedelta(days=7)
_SEGMENT = re.compile(r"[0-9A-F]{24}")
_CONFIGURATION = """\
[barman]
barman_home = {home}
barman_lock_directory = {home}
barman_user = {user}
log_file = {home}/barman.log
log_level = INFO

[{name}]
description = "appointments"
conninfo = {conninfo}
streaming_conninfo = {streaming}
backup_method = postgres
immediate_checkpoint = true
streaming_archiver = on
streaming_archiver_name = barman
slot_name = {slot}
compression = pygzip
retention_policy = RECOVERY WINDOW OF {days} DAYS
minimum_redundancy = 1
"""


@dataclass(frozen=True, slots=True)
class Backup:
    """A finished backup."""

    id: str
    is_full: bool
    ended_at: datetime
    bytes: int
    is_kept: bool
    """Whether it stays beyond the window, as the backup of its month."""
    is_obsolete: bool


class Barman:
    """Barman for one database, with everything in one directory."""

    def __init__(self, home: Path, url: str, postgres: Path) -> None:
        """`url` may be empty where no server is reached, as for a restore; `postgres` has PostgreSQL's programs."""
        self.home = home
        self._url = url
        self._postgres = postgres

    @cached_property
    def _environment(self) -> dict[str, str]:
        password = unquote(urlsplit(self._url).password or "")
        return programs.environment(self._postgres, **({"PGPASSWORD": password} if password else {}))

    @property
    def streamed(self) -> Path:
        """Where WAL arrives; what is complete moves on into Barman's archive."""
        return self.home / NAME / "streaming"

    def configure(self) -> None:
        """Write Barman's configuration, which has no password."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        conninfo = _conninfo(self._url)
        text = _CONFIGURATION.format(
            home=self.home, user=getpass.getuser(), name=NAME, slot=SLOT, days=WINDOW.days,
            conninfo=conninfo, streaming=conninfo,
        )  # fmt: skip
        put(self._file, text)

    def make_slot(self) -> None:
        """Have the server keep WAL until it was streamed. Raises BackupError."""
        try:
            self._run("receive-wal", "--create-slot", NAME)
        except BackupError as error:
            if "already exists" not in str(error):
                raise

    def stream(self, log: Path) -> Process:
        """Begin to stream WAL; it ends when the server or the connection does. Raises BackupError, Unreachable.

        No other process may begin to at the same time.
        """
        self._set_foreign_stream_aside()
        command = [programs.find("barman", self._environment), "-c", str(self._file), "receive-wal", NAME]
        return start("barman", command, log, environment=self._environment)

    def archive(self) -> None:
        """Move complete WAL into the archive."""
        self._run("archive-wal", NAME)

    def take(self, *, full: bool) -> Backup:
        """Take a backup; not `full`: what changed since the newest one. WAL must be streamed meanwhile."""
        self._run("backup", "--wait", "--wait-timeout", "600", *([] if full else ["--incremental", "latest"]), NAME)
        newest = self.backups()[0]
        self._run("verify-backup", NAME, newest.id)
        return newest

    def backups(self) -> list[Backup]:
        """All finished backups, the newest first."""
        listed = json.loads(self._run("-f", "json", "list-backups", NAME))[NAME]
        found = [_backup(row) for row in listed if row["status"] == "DONE"]
        return sorted(found, key=lambda backup: backup.id, reverse=True)

    def thin_out(self, now: datetime) -> None:
        """Keep the first full backup of each month for a year, and delete what is older than the window."""
        found = self.backups()
        kept = kept_for_a_year(found, now)
        for backup in found:
            if backup.is_full and backup.is_kept != (backup.id in kept):
                change = ["--target", "standalone"] if backup.id in kept else ["--release"]
                self._run("keep", *change, NAME, backup.id)
        for backup in self.backups():
            if backup.is_obsolete and backup.is_full:  # its incremental ones go with it
                self._run("delete", NAME, backup.id)

    def fetch(self, backup: Backup, into: Path, until: datetime | None) -> None:
        """Put a backup into an empty directory, ready to be recovered up to a time, or as far as WAL goes."""
        scratch, streamed = (into.with_name(f"{into.name}.{what}") for what in ("incremental", "streamed"))
        up_to = ["--target-time", until.isoformat(sep=" ") if until else "", "--target-action", "promote"]
        target = up_to if until else ["--target-tli", "latest"]
        staging = ["--staging-path", str(scratch), "--staging-location", "local"]
        for each in (scratch, streamed):
            each.mkdir(mode=0o700, parents=True)
        try:
            # What was streamed last is not in the archive yet. It is taken first: a running server's moves there at any
            # moment, and what does so after Barman has looked would be in neither.
            self._copy_streamed(streamed)
            self._run("restore", *target, *staging, NAME, backup.id, str(into))
            for segment in streamed.iterdir():
                if not (there := into / "barman_wal" / segment.name).exists():
                    shutil.copy(segment, there)
        finally:
            for each in (scratch, streamed):
                shutil.rmtree(each, ignore_errors=True)

    def _copy_streamed(self, into: Path) -> None:
        """Copy what is not in the archive yet; the end of a segment that is not complete is empty."""
        for segment in sorted(self.streamed.glob("*")):
            name = segment.name.removesuffix(".partial")
            for each in (segment, segment.with_name(name)):  # it may be complete by now, or in the archive
                with suppress(FileNotFoundError):
                    shutil.copy(each, into / name)
                    break

    def _set_foreign_stream_aside(self) -> None:
        """Begin a new stream if the server has never written what was streamed last. Raises Unreachable.

        It is a restored one then, of an earlier time. What is complete goes into the archive first.
        """
        streamed = [
            name for path in self._unarchived() if _SEGMENT.fullmatch(name := path.name.removesuffix(".partial"))
        ]
        # PostgreSQL goes on after the segment with the highest position, whatever its timeline.
        newest = max(streamed, key=lambda name: (name[8:], name[:8]), default=None)
        if newest and not history.read(self._url).has(newest):
            self.archive()
            # Barman leaves the newest there; more, if another process is archiving.
            if len([path for path in self._unarchived() if _SEGMENT.fullmatch(path.name)]) > 1:
                raise BackupError("what the server before has written is not in the archive yet")
            self.streamed.rename(self.streamed.with_name(f"streaming.before-{datetime.now(UTC):%Y%m%dT%H%M%S}"))

    def _unarchived(self) -> Iterator[Path]:
        return (path for path in sorted(self.streamed.glob("*")) if path.is_file())

    @property
    def _file(self) -> Path:
        return self.home / "barman.conf"

    def _run(self, *arguments: str) -> str:
        return programs.run(["barman", "-c", self._file, *arguments], self._environment, what=f"barman {arguments[0]}")


def kept_for_a_year(backups: Iterable[Backup], now: datetime) -> set[str]:
    """The ids of the first full backup of each month, unless it is more than a year old."""
    oldest_first = sorted((backup for backup in backups if backup.is_full), key=lambda backup: backup.ended_at)
    by_month: dict[str, Backup] = {}
    for backup in oldest_first:
        by_month.setdefault(f"{backup.ended_at:%Y-%m}", backup)
    return {backup.id for backup in by_month.values() if now - backup.ended_at < MONTHS_KEPT}


def _backup(row: dict[str, Any]) -> Backup:
    return Backup(
        id=row["backup_id"],
        is_full=row["backup_type"] == "full",
        ended_at=datetime.fromtimestamp(int(row["end_time_timestamp"]), UTC),
        bytes=int(row["size_bytes"]),
        is_kept=row["retention_status"].startswith("KEEP"),
        is_obsolete=row["retention_status"].startswith("OBSOLETE"),
    )


def _conninfo(url: str) -> str:
    """What libpq needs to know of a URL, without the password; of several hosts, the one that accepts writes."""
    parts = urlsplit(url)
    hosts = parts.netloc.rpartition("@")[2].split(",")
    pairs = {
        "host": ",".join(host.partition(":")[0] for host in hosts),
        "port": ",".join(host.partition(":")[2] or os.environ.get("PGPORT", "5432") for host in hosts),
        "user": unquote(parts.username or getpass.getuser()),
        "dbname": unquote(parts.path.removeprefix("/")) or "postgres",
        "target_session_attrs": "read-write",
        **dict(parse_qsl(parts.query)),
    }
    return " ".join(f"{name}={value}" for name, value in pairs.items())
