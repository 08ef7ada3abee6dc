"""`python -m server check-zones`: finds appointments whose time of day changed with their time zone's rules."""

import asyncio
from typing import Annotated

import typer

from server.commands import app
from server.commands.running import settings_here
from server.config import Settings
from server.usecases.maintenance.zone_changes import ZoneChanges
from server.wiring import wired

LEFT = 2


@app.command(name="check-zones")
def check_zones(
    keep_wall_time: Annotated[
        bool, typer.Option("--keep-wall-time", help="Move them to the time of day that patients were told.")
    ] = False,
) -> None:
    """List future appointments that are now at another time of day than patients were told.

    That happens when a country changes its time zone rules: run this after every update of tzdata, with the same time
    zone data as the workers. Works on YOYAKU_DATABASE_URL, or on the stack that `make up` runs, without interrupting
    calls.

    With --keep-wall-time each is moved as staff would move it, to a slot within the doctor's hours, and the patient
    gets a notice with a new calendar entry.

    Exit code 0: none is left; 1: the check could not be completed; 2: some are left.
    """
    left = asyncio.run(_check(settings_here(), keep_wall_time=keep_wall_time))
    if left:
        raise typer.Exit(LEFT)


async def _check(configured: Settings, *, keep_wall_time: bool) -> int:
    left = 0
    async with wired(configured) as parts:
        changes = ZoneChanges(parts.engine, parts.clock)
        for each in (moved := await changes.moved()):
            line = f"{each.appointment_id}  told {each.told:%Y-%m-%d %H:%M}, now {each.shown:%H:%M} in {each.zone.key}"
            refusal = await changes.keep_wall_time(each) if keep_wall_time else "not moved"
            left += bool(refusal)
            print(f"{line}: {refusal or 'moved'}")
    print(f"{len(moved)} appointments had another time of day than patients were told, {left} have it still")
    return left
