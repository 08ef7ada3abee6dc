"""Takes backups: one now, or WAL all the time, a backup every day and a copy elsewhere every half minute."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from db.errors import StateError
from db.postgres.cluster.engines import Connection
from db.postgres.cluster.transaction import transact_once
from db.postgres.recovery import steps
from server.backups import BackupError, keys
from server.backups.barman import FULL_EVERY, SLOT, Backup, Barman
from server.backups.files import alone
from server.backups.second_place import SecondPlace
from server.local.processes.process import Process

T = TypeVar("T")

_EVERY = timedelta(days=1)
_STEP_SECONDS = 5.0
_COPY_SECONDS = 30.0
_THIN_OUT_SECONDS = 3600.0
_STREAMS_SECONDS = 30.0
_STOP_SECONDS = 10.0
# Files that are locked, in Barman's directory; what ends in .lock is not copied.
_STREAMING = "streaming.lock"
_COPYING = "copying.lock"


@dataclass(frozen=True, slots=True)
class Keeping:
    """What takes backups of one database, and notes in it that they succeeded."""

    barman: Barman
    second_place: SecondPlace | None
    database_url: str
    say: Callable[[str], None]

    def once(self, log: Path, *, full: bool) -> Backup:
        """Take a backup now and copy it. Raises BackupError."""
        self.prepare()
        # Without the WAL of its own time a backup is worth nothing.
        stream = self.stream_unless_streaming(log, wait=True)
        try:
            taken = self.take(full=full)
            self.barman.archive()
        finally:
            if stream:
                stream.stop(_STOP_SECONDS)
        self.copy(wait=True, thin_out=True)
        return taken

    def all_the_time(self, log: Path, stop: threading.Event) -> None:
        """Stream WAL, and see to backups and copies, until `stop` is set; says what fails, and goes on."""
        turns = _Turns(self, log)
        try:
            while not stop.is_set():
                try:
                    turns.take_one()
                except (BackupError, StateError) as error:
                    self.say(f"{error}; trying again")
                stop.wait(_STEP_SECONDS)
        finally:
            if turns.stream:
                turns.stream.stop(_STOP_SECONDS)

    def prepare(self) -> None:
        """Make what is missing: configuration, replication slot, second place. Raises BackupError."""
        self.barman.configure()
        self.barman.make_slot()
        if self.second_place:
            self.second_place.prepare()

    def is_due(self) -> bool:
        """Whether the newest backup is a day old."""
        backups = self.barman.backups()
        return not backups or datetime.now(UTC) - backups[0].ended_at > _EVERY

    def take(self, *, full: bool) -> Backup:
        """Take a backup, and delete those that are too old. WAL must be streamed meanwhile."""
        keys.note(self.barman.home, self._database(steps.keys_needed))
        since = datetime.now(UTC) - FULL_EVERY
        full = full or not any(backup.is_full and backup.ended_at > since for backup in self.barman.backups())
        try:
            taken = self.barman.take(full=full)
        except BackupError as error:
            if full:
                raise
            self.say(f"no incremental backup ({error}): taking a full one")
            taken = self.barman.take(full=True)
        self.note("backup")
        self.barman.thin_out(datetime.now(UTC))
        return taken

    def copy(self, *, wait: bool, thin_out: bool) -> None:
        """Copy what is new to the second place, and forget old copies if asked to. Raises BackupError.

        While another process does, `wait` for its end, or leave it to it: old copies are forgotten by one alone.
        """
        if self.second_place is None:
            return
        with alone(self.barman.home / _COPYING, wait=wait) as is_alone:
            if not is_alone:
                return
            self.second_place.copy(self.barman.home)
            self.note("copy")
            if thin_out:
                self.second_place.thin_out()

    def stream_unless_streaming(self, log: Path, *, wait: bool) -> Process | None:
        """Begin to stream WAL, unless another process does already: then None. Raises BackupError.

        While another one is just beginning, `wait` for it, or leave it to it. Two that began at once after a restore
        would each set aside what the server before has written, and the second one what the first has begun.
        """
        with alone(self.barman.home / _STREAMING, wait=wait) as is_alone:
            if not is_alone or self.is_streaming():
                return None
            self.barman.make_slot()  # a new primary has none
            stream = self.barman.stream(log)
            try:
                self._await_stream(stream)
            except BaseException:
                stream.stop(_STOP_SECONDS)
                raise
            return stream

    def _await_stream(self, stream: Process) -> None:
        deadline = time.monotonic() + _STREAMS_SECONDS
        while not self.is_streaming():
            if stream.ended or time.monotonic() > deadline:
                raise BackupError(f"WAL is not streamed: {stream.last_words()}")
            time.sleep(0.1)

    def is_streaming(self) -> bool:
        """Whether WAL is streamed."""
        return self._database(lambda pg: steps.is_streaming(pg, SLOT))

    def note(self, step: str) -> None:
        """Note in the database that a step has succeeded."""
        self._database(lambda pg: steps.succeeded(pg, step))

    def _database(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        return asyncio.run(transact_once(self.database_url, "yoyaku-backup", work))


@dataclass(slots=True)
class _Turns:
    """What `all_the_time` does again and again."""

    keeping: Keeping
    log: Path
    stream: Process | None = None
    is_prepared: bool = False
    copied_at: float = 0.0
    thinned_out_at: float = 0.0

    def take_one(self) -> None:
        """Do what is due."""
        keeping = self.keeping
        if not self.is_prepared:
            keeping.prepare()
            self.is_prepared = True
        if self.stream is None or self.stream.ended:
            self.stream = keeping.stream_unless_streaming(self.log, wait=False)
        keeping.barman.archive()
        if keeping.is_streaming():
            keeping.note("wal")
        if keeping.is_due():
            keeping.take(full=False)
        self._copy_if_due(time.monotonic())

    def _copy_if_due(self, now: float) -> None:
        if now - self.copied_at < _COPY_SECONDS:
            return
        thin_out = now - self.thinned_out_at > _THIN_OUT_SECONDS
        self.keeping.copy(wait=False, thin_out=thin_out)
        self.copied_at = now
        if thin_out:
            self.thinned_out_at = now
