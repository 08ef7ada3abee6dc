"""The user that runs PostgreSQL, which refuses to run as root."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from server.local import LocalError

PREFERRED = "nobody"


@dataclass(frozen=True, slots=True)
class User:
    """An unprivileged user of this machine, by user id; only root can act as another user."""

    uid: int
    gid: int

    @property
    def is_self(self) -> bool:
        """Whether it is the user of this process."""
        return self.uid == os.geteuid()

    def run(self, command: Sequence[str], script: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a program to completion with a script as its input, in the root directory, which every user can read."""
        return subprocess.run(
            command,
            cwd="/",
            env=os.environ | environment,
            input=script,
            capture_output=True,
            text=True,
            check=False,
            user=None if self.is_self else self.uid,
            group=None if self.is_self else self.gid,
            extra_groups=None if self.is_self else [],
        )

    def reaches(self, path: Path) -> bool:
        """Whether the user can enter a directory or run a program there."""
        return self.is_self or self.run(["/usr/bin/env", "test", "-x", str(path)]).returncode == 0

    def owns(self, path: Path) -> Path:
        """Make the user the owner of a file or directory, and close it to all others."""
        path.chmod(0o700 if path.is_dir() else 0o600)
        if not self.is_self:
            os.chown(path, self.uid, self.gid)
        return path


def database_user(data: Path | None = None) -> User:
    """The user of this process; for root, the owner of the data or else the first suitable user. Raises LocalError."""
    if os.geteuid() != 0:
        return User(os.geteuid(), os.getegid())
    if data and data.exists() and (owner := data.stat()).st_uid != 0:
        return User(owner.st_uid, owner.st_gid)
    entries = sorted(pwd.getpwall(), key=lambda entry: entry.pw_name != PREFERRED)
    for entry in entries:
        user = User(entry.pw_uid, entry.pw_gid)
        # A container may map only a few user ids; other users exist in name only.
        if user.uid != 0 and _usable(user):
            return user
    raise LocalError("PostgreSQL refuses to run as root, and no other user is usable: run this as an ordinary user")


def _usable(user: User) -> bool:
    try:
        return user.run([shutil.which("true") or "/bin/true"]).returncode == 0
    except OSError:
        return False
