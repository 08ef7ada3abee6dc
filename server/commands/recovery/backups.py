"""`python -m server backups`: what can be restored."""

from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from server.backups import BackupError
from server.backups.barman import WINDOW
from server.commands import app, fail
from server.commands.recovery.places import places


@app.command()
def backups() -> None:
    """List the backups, and the newest copy in the second place."""
    found = places()
    try:
        listed = found.barman.backups()
        copies = found.second_place.copies() if found.second_place else []
    except BackupError as error:
        raise fail(str(error)) from None
    table = Table(box=None)
    for title in ("backup", "kind", "ended (UTC)", "MB", "kept"):
        table.add_column(title)
    for each in listed:
        kept = "a year, of its month" if each.is_kept else f"{WINDOW.days} days"
        kind = "full" if each.is_full else "incremental"
        table.add_row(each.id, kind, f"{each.ended_at:%Y-%m-%d %H:%M:%S}", f"{each.bytes / 1e6:.1f}", kept)
    Console().print(table)
    if copies:
        ago = (datetime.now(UTC) - copies[0].made_at).total_seconds()
        print(f"second place: {len(copies)} copies, the newest {ago:.0f} s old")
    else:
        print("second place: no copy")
