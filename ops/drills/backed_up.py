"""A town whose database is backed up all the time, and how it is restored there."""

import base64
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ops.drills.people import command
from server.local import LocalError
from server.local.processes.process import Process, start
from server.local.servers import database
from tests.faults.town import ROOT, Town, town
from tests.fixtures.waiting import PATIENCE_SECONDS, eventually

PAGE = ROOT / "docs" / "backups.md"
KEYS = "YOYAKU_RECORD_MASTER_KEYS"


@contextmanager
def backed_up_town() -> Iterator[Town]:
    """A primary and a standby with a first backup, its WAL being streamed, and a copy in a second place."""
    secret = base64.b64encode(os.urandom(32)).decode()
    # The second key is there to rotate to.
    keys = ",".join(base64.b64encode(os.urandom(32)).decode() for _ in range(2))
    with town(environment={"YOYAKU_SECOND_PLACE_PASSWORD": secret, KEYS: keys}) as place:
        # The role has the rights that the page for operators gives it, and no others.
        [role] = re.findall(r"```sql\n(.*?)```", PAGE.read_text(), re.DOTALL)
        place.servers[0].query(role.replace("'...'", ":'password'"))
        place.environment |= {
            "YOYAKU_BACKUP_URL": place.servers[0].url("postgres", "barman"),
            "YOYAKU_BACKUP_DIRECTORY": str(place.home / "backups"),
            "YOYAKU_SECOND_PLACE": str(place.home / "second-place"),
        }
        place.run("backup", lambda: _launch(place), lambda _: await_steps(place, "backup", "wal", "copy"))
        yield place


def await_steps(place: Town, *steps: str) -> None:
    """Return when these steps of the backups have succeeded."""
    found = "SELECT step FROM backup_steps"
    eventually(
        lambda: {*steps} <= {*place.servers[0].query(found, database.NAME).split()},
        4 * PATIENCE_SECONDS,
        otherwise=(place.home / "backup.log").read_text,
    )


async def restore(place: Town, *options: str) -> str:
    """Restore into a new directory, as an operator does, and start it in the primary's place; what was said."""
    into = _new_directory(place) / "restored"
    done, said = await command(place, "restore", "--into", str(into), *options)
    if not done:
        raise LocalError(said)
    place.servers[0] = replace(place.servers[0], data=into)
    place.parts["primary"].await_ready = place.servers[0].await_ready
    await place.parts["primary"].start_again()
    return said


def _new_directory(place: Town) -> Path:
    made = Path(tempfile.mkdtemp(dir=place.home / "data"))
    made.chmod(0o755)
    return made


def _launch(place: Town) -> Process:
    return start(
        "backup",
        [sys.executable, "-m", "server", "backup", "--all-the-time"],
        place.home / "backup.log",
        environment=place.environment,
        directory=ROOT,
    )
