"""Starts a restored server for nobody else, so that it recovers and can be looked after before anyone uses it."""

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from server.backups import BackupError
from server.local import LocalError
from server.local.processes.process import start
from server.local.processes.user import User

_RECOVERY_SECONDS = 24 * 3600.0
_STOP_SECONDS = 300.0
_READY = "ready"


@contextmanager
def recovered(data: Path, user: User, postgres: Path, database: str) -> Iterator[str]:
    """The superuser's URL of a recovered and promoted server, which is stopped at the end. Raises BackupError.

    It listens on a socket that only PostgreSQL's user and root can reach.
    """
    hand_over(data, user)
    with tempfile.TemporaryDirectory(prefix="yoyaku-", dir="/tmp") as directory:  # sockets need short paths
        private = user.owns(Path(directory))
        rules = private / "hba.conf"
        rules.write_text("local all all trust\n")
        user.owns(rules)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(private),
            "hba_file": str(rules),
            "port": "5432",
            # Its limits may be lower here than where the WAL was written, which only matters to standbys.
            "hot_standby": "off",
            # Nobody follows it yet.
            "synchronous_standby_names": "",
            "archive_mode": "off",
            "log_error_verbosity": "terse",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        log = data.with_name(f"{data.name}.recovery.log")
        process = start(
            "the restored server", [postgres / "postgres", "-D", data, *options], log, user=user,
            stop_signal=signal.SIGINT,
        )  # fmt: skip
        try:
            process.wait_until(lambda: _is_ready(data, process.pid), _RECOVERY_SECONDS)
            yield f"postgresql://postgres@/{database}?{urlencode({'host': private, 'port': 5432})}"
        except LocalError as error:
            raise BackupError(str(error)) from None
        finally:
            process.stop(_STOP_SECONDS)
            log.unlink(missing_ok=True)


def hand_over(data: Path, user: User) -> None:
    """Give a data directory to the user that runs PostgreSQL."""
    user.owns(data)
    if not user.is_self:
        for path in data.rglob("*"):
            os.chown(path, user.uid, user.gid, follow_symlinks=False)


def _is_ready(data: Path, pid: int) -> bool:
    try:
        lines = (data / "postmaster.pid").read_text().split("\n")
    except FileNotFoundError:
        return False
    return lines[0] == str(pid) and [line.strip() for line in lines[7:8]] == [_READY]
