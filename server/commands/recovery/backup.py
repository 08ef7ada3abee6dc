"""`python -m server backup`: takes a backup, or keeps backups all the time."""

import signal
import threading
from typing import Annotated

import typer

from server.backups import BackupError
from server.backups.keeping import Keeping
from server.commands import app, fail, settings
from server.commands.recovery.places import places
from server.config import Settings
from server.local import LocalError


@app.command()
def backup(
    *,
    full: Annotated[bool, typer.Option("--full", help="Everything, not only what changed since the last one.")] = False,
    all_the_time: Annotated[
        bool,
        typer.Option(
            "--all-the-time",
            help="Stream WAL until stopped, take a backup every day, and copy both to the second place.",
        ),
    ] = False,
) -> None:
    """Take a backup with Barman, verify it, and copy it, encrypted, to the second place.

    Works on YOYAKU_BACKUP_URL, or on the stack that `make up` runs. A backup is full once a week, and incremental
    otherwise. Any second of the last seven days can be restored, and the first full backup of each month for a year.
    """
    found = places()
    keeping = Keeping(
        found.barman,
        found.second_place,
        settings(Settings).database_url.get_secret_value(),
        lambda text: print(text, flush=True),
    )
    log = found.barman.home / "receive-wal.log"
    found.barman.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        if all_the_time:
            stop = threading.Event()
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stop.set())
            keeping.all_the_time(log, stop)
            return
        taken = keeping.once(log, full=full)
    except (BackupError, LocalError) as error:
        raise fail(str(error)) from None
    kind = "full" if taken.is_full else "incremental"
    print(f"backup {taken.id}, {kind}, {taken.bytes / 1e6:.1f} MB, is verified")
    if found.second_place is None:
        print("it is not copied anywhere: set YOYAKU_SECOND_PLACE")
