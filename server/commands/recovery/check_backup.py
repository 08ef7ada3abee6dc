"""`python -m server check-backup`: whether the newest backup can be restored, by restoring it."""

import asyncio
import os
import shutil
from datetime import UTC, datetime
from typing import Annotated

import typer

from db.errors import StateError
from db.postgres.cluster.transaction import transact_once
from db.postgres.recovery import steps
from server.backups import BackupError, keys
from server.backups.restoring import Restoring, examine
from server.commands import app, fail, settings
from server.commands.failures import told
from server.commands.recovery.places import places
from server.config import ConfigurationError, Settings, load
from server.local import LocalError
from server.local.servers import data_location, database
from server.usecases.keyrings import KeyRingError

FLAWED = 2


@app.command(name="check-backup")
def check_backup(
    from_second_place: Annotated[
        bool, typer.Option("--from-second-place", help="Check the newest copy of the second place instead.")
    ] = False,
    of: Annotated[
        str,
        typer.Option(metavar="URL", help="Check this database instead, restored by RDS, say; PGPASSWORD counts."),
    ] = "",
) -> None:
    """Restore the newest backup into a scratch directory, check everything there, and note that in the database.

    Checked are all constraints for all rows, every chain of the audit trail, and that the keys are the right ones. Run
    it every week, on a machine with room for the database: an alert fires when the last success is too long ago.

    Exit code 0: the backup is good; 1: it cannot be restored; 2: it can, and something in it is wrong.
    """
    try:
        if of:
            flaws, chains = asyncio.run(examine(of, load(Settings, os.environ | {"YOYAKU_DATABASE_URL": of})))
        else:
            flaws, chains = _restored(from_second_place)
    except (BackupError, ConfigurationError, KeyRingError, LocalError) as error:
        raise fail(str(error)) from None
    for flaw in flaws:
        print(flaw)
    if flaws:
        raise typer.Exit(FLAWED)
    print(f"all constraints hold, {chains} audit chains are whole")
    try:
        url = settings(Settings).database_url.get_secret_value()
        asyncio.run(transact_once(url, "yoyaku-check-backup", lambda pg: steps.succeeded(pg, "restore_check")))
    except StateError as error:
        raise fail(f"the check succeeded, but cannot be noted: {told(error)}") from None


def _restored(from_second_place: bool) -> tuple[list[str], int]:
    found = places()
    scratch = data_location.temporary_home(found.user)
    try:
        if from_second_place:
            found = places(found.fetch_copy(scratch / "copy"))
        keys.check(found.barman.home, found.settings("postgresql://nowhere/yoyaku"))
        restoring = Restoring(
            found.barman, found.user, found.postgres, database.NAME, found.settings, lambda text: print(f"  {text}")
        )
        checked = asyncio.run(restoring.check(scratch / "data"))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    age = (datetime.now(UTC) - checked.last_write).total_seconds()
    print(f"backup {checked.backup.id} restores in {checked.seconds:.1f} s (RTO); its newest write is {age:.1f} s old")
    return checked.flaws, checked.chains
