"""A restore, from the choice of a backup to a server that workers may use; and the check that it would succeed."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from db.postgres.cluster.transaction import transact
from db.postgres.recovery import constraints, restored
from server.backups import BackupError
from server.backups.barman import Backup, Barman
from server.backups.recovery import recovered
from server.config import Settings
from server.local.processes.user import User
from server.notifications.after_restore import close_gap
from server.notifications.planning import NoticePlanner
from server.parts import Parts
from server.usecases.records.checkpoints import Witnesses
from server.usecases.records.verification import AuditVerifier
from server.wiring import wired

_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore has brought back."""

    backup: Backup
    last_write: datetime
    """The time of the newest transaction that is there."""
    epoch: int
    unknown_notices: int
    waits_for_nobody: bool
    """Whether commits were to wait for standbys, which none is yet."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Checked:
    """What the newest backup is worth."""

    backup: Backup
    last_write: datetime
    flaws: list[str]
    chains: int
    seconds: float


async def make_ready(parts: Parts) -> tuple[int, int]:
    """Raise the epoch of a restored database, end all sessions and close the gap in its ledger of notices.

    The epoch, and how many notices are dead letters. No worker may use the database meanwhile. Doing it twice does no
    harm. What ended sessions after the restored time (a new password, a disabled account) is forgotten, so all end.
    """
    # The number of the minute is above all epochs and generations that can have been reached since.
    minute = int(parts.clock().timestamp() // _MINUTE)
    await transact(parts.engine, lambda pg: restored.end_sessions(pg, minute), replayable=True)
    epoch = await transact(parts.engine, lambda pg: restored.raise_epoch(pg, minute), replayable=True)
    planner = NoticePlanner(parts.engine, parts.clock, parts.new_id)
    return epoch, await close_gap(parts.engine, parts.clock, planner)


async def examine(url: str, settings: Settings) -> tuple[list[str], int]:
    """Check a restored database that nobody else uses: what is wrong, and how many audit chains there are.

    KeyRingError without its master keys.
    """
    flaws, chains = await constraints.check_constraints(url), 0
    async with wired(settings) as parts:
        await parts.record_keys.check()
        async for _, flaw in AuditVerifier(parts.engine, parts.audit_keys).chains(Witnesses([])):
            flaws += [str(flaw)] if flaw else []
            chains += 1
    return flaws, chains


def choose(backups: list[Backup], until: datetime | None) -> Backup:
    """The newest backup that ended before a time. Raises BackupError."""
    if not backups:
        raise BackupError("there is no backup yet: `python -m server backup` makes one")
    for backup in backups:
        if until is None or backup.ended_at <= until:
            return backup
    raise BackupError(f"the oldest backup ended at {backups[-1].ended_at:%Y-%m-%d %H:%M:%S} UTC: choose a later time")


@dataclass(frozen=True, slots=True)
class Restoring:
    """Where backups are, and with whose programs and keys they are restored."""

    barman: Barman
    user: User
    postgres: Path
    database: str
    settings: Callable[[str], Settings]
    """The settings of a process that uses the database of a URL."""
    say: Callable[[str], None]

    async def restore(self, until: datetime | None, into: Path) -> Restored:
        """Restore the database as of a time, or all that there is, into a new directory (BackupError).

        At the end the server is stopped, and ready to be started by whoever runs it.
        """
        began = time.monotonic()
        backup = self._fetch(until, into)
        with recovered(into, self.user, self.postgres, self.database) as url:
            last_write = await restored.last_write(url) or backup.ended_at
            waited = await restored.expect_no_standby(url)
            self.say("raising the epoch, ending sessions, closing the gap in the ledger of notices")
            async with wired(self.settings(url)) as parts:
                epoch, unknown = await make_ready(parts)
        return Restored(backup, last_write, epoch, unknown, waited, time.monotonic() - began)

    async def check(self, into: Path) -> Checked:
        """Restore the newest backup into a new directory, and check every constraint and every audit chain there."""
        began = time.monotonic()
        backup = self._fetch(None, into)
        with recovered(into, self.user, self.postgres, self.database) as url:
            last_write = await restored.last_write(url) or backup.ended_at
            self.say("checking all constraints and the audit trail")
            flaws, chains = await examine(url, self.settings(url))
        return Checked(backup, last_write, flaws, chains, time.monotonic() - began)

    def _fetch(self, until: datetime | None, into: Path) -> Backup:
        backup = choose(self.barman.backups(), until)
        self.say(f"fetching backup {backup.id}, of {backup.ended_at:%Y-%m-%d %H:%M:%S} UTC")
        self.barman.fetch(backup, into, until)
        self.say("recovering: PostgreSQL replays what was written since")
        return backup
