"""A table is dropped by mistake under load: back to the moment before."""

import asyncio
import time

from ops.drills.backed_up import backed_up_town, restore
from ops.drills.frame import Drill, Findings
from ops.drills.people import rotate_keys, working
from tests.faults.conftest import visiting

SECONDS = 3.0
"""Of undisturbed load, before and after."""


async def drop_table() -> Findings:
    """Note the time, drop the history of appointments, stop the servers, restore up to that time."""
    with backed_up_town() as place:
        async with visiting(place) as fleet:
            async with working(place, fleet) as clinic:
                await asyncio.sleep(SECONDS)
                await rotate_keys(place)
                await asyncio.sleep(SECONDS)
                [(moment,)] = await fleet.book.rows("SELECT clock_timestamp()")
                lost_at = time.monotonic()
                await fleet.book.run("DROP TABLE appointment_events")
                # Whoever notices stops the servers first: what is written from now on will be lost.
                for name in ("primary", "standby_1"):
                    place.parts[name].kill()
                await restore(place, "--to", str(moment))
                await clinic.serves_again()
                back_at = time.monotonic()
                await asyncio.sleep(SECONDS)
            return await clinic.findings(lost_at, back_at, losses=True, remark="keys rotated after the backup")


DRILLS = [
    Drill(
        name="table",
        loss="a table, dropped by mistake",
        run=drop_table,
        most_rpo_seconds=1,
        why_missing="written after the chosen moment",
    )
]
