"""`python -m server restore --to TIME`: the database as it was, ready to be started."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Annotated

import typer

from server.backups import BackupError, keys
from server.backups.restoring import Restored, Restoring
from server.commands import app, fail
from server.commands.recovery.places import Places, places
from server.config import ConfigurationError
from server.local import HOME, LocalError
from server.local.servers import data_location, database
from server.local.supervisor import alone

LATEST = "latest"


@app.command()
def restore(
    to: Annotated[str, typer.Option(help="A time with its zone, 2026-03-03T09:15:00+09:00, or `latest`.")],
    into: Annotated[
        Path | None,
        typer.Option(help="A directory that does not exist yet; by default, the primary's of the stack here."),
    ] = None,
    from_second_place: Annotated[
        bool, typer.Option("--from-second-place", help="Bring everything from the second place first.")
    ] = False,
) -> None:
    """Restore the database into a new directory as it was at a time, and make it ready for workers.

    Refused without the keys that its data need. No worker may reach it before this is done. The epoch rises, so that
    streams and feeds start over, all sessions end, and notices that may have been sent since are not sent again: they
    are dead letters, UNKNOWN. docs/dr.md says what to do before and after.
    """
    until = None if to == LATEST else _time(to)
    with ExitStack() as stack:
        try:
            found = places(_fetched(stack) if from_second_place else None)
            keys.check(found.barman.home, found.settings("postgresql://nowhere/yoyaku"))
            where = stack.enter_context(_place_for(found, into))
            restoring = Restoring(
                found.barman, found.user, found.postgres, database.NAME, found.settings, lambda text: print(f"  {text}")
            )
            done = asyncio.run(restoring.restore(until, where))
        except (BackupError, ConfigurationError, LocalError) as error:
            raise fail(str(error)) from None
    _report(done, into)


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise fail(f"{text} is no time: write it as 2026-03-03T09:15:00+09:00, or `latest`") from None
    if found.tzinfo is None:
        complete = found.isoformat()
        raise fail(f"{text} has no zone: write {complete}+09:00 for Tokyo, or {complete}+00:00 for UTC")
    if found > datetime.now(UTC):
        raise fail(f"{text} has not come yet: `--to latest` restores all that there is")
    return found


def _fetched(stack: ExitStack) -> Path:
    print("  fetching the newest copy from the second place")
    return places().fetch_copy(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="yoyaku-"))))


@contextmanager
def _place_for(found: Places, into: Path | None) -> Iterator[Path]:
    """The directory for the data; in the stack's own place, what was there is set aside."""
    if into is not None:
        if into.exists():
            raise BackupError(f"{into} exists: name a directory that does not, so that nothing is overwritten")
        into.parent.mkdir(parents=True, exist_ok=True)
        if not found.user.reaches(into.parent.absolute()):
            raise BackupError(f"the user that runs PostgreSQL cannot enter {into.parent}: name another directory")
        yield into.absolute()
        return
    if not found.is_local:
        raise BackupError("--into is needed: a new directory for the database's data")
    with alone(HOME):
        home = data_location.data_home(HOME, found.user)
        scratch = home / "restored"
        yield scratch
        for data in (home / "primary", home / "standby"):
            if data.exists():
                kept = next(name for n in count(1) if not (name := home / f"{data.name}.before-restore-{n}").exists())
                data.rename(kept)
                print(f"  what was the {data.name}'s data is kept in {kept}")
        scratch.rename(home / "primary")


def _report(done: Restored, into: Path | None) -> None:
    print(f"restored in {done.seconds:.1f} s from backup {done.backup.id}; the last write is of {done.last_write}")
    print(f"epoch {done.epoch} begins; {done.unknown_notices} notices are dead letters, UNKNOWN")
    print("all sessions are ended: everybody signs in again, with the passwords of that time")
    print("do again what was done since: accounts disabled, passwords and roles changed")
    if done.waits_for_nobody:
        print("commits wait for no standby now: set synchronous_standby_names again once standbys follow")
    start = f"start PostgreSQL on {into}, then workers" if into else "`make up`"
    print(f"next: {start}, then `python -m server verify-audit` and `python -m server backup --full`")
