"""The disk of the primary is lost, and no standby is left: back from the backup and the stream of WAL."""

import asyncio
import shutil
import time

from ops.drills.backed_up import backed_up_town, restore
from ops.drills.frame import Drill, Findings
from ops.drills.people import rotate_keys, working
from tests.faults.conftest import visiting

SECONDS = 3.0
"""Of undisturbed load, before and after."""


async def lose_disk() -> Findings:
    """Kill the only server that is left, delete its data, and restore all that there is."""
    with backed_up_town() as place:
        async with visiting(place) as fleet:
            async with working(place, fleet) as clinic:
                await asyncio.sleep(SECONDS)
                await rotate_keys(place)
                place.parts["standby_1"].kill()
                await asyncio.sleep(SECONDS)
                lost_at = time.monotonic()
                place.parts["primary"].kill()
                shutil.rmtree(place.servers[0].data)
                await restore(place, "--to", "latest")
                await clinic.serves_again()
                back_at = time.monotonic()
                await asyncio.sleep(SECONDS)
            return await clinic.findings(lost_at, back_at, losses=True, remark="keys rotated after the backup")


DRILLS = [
    Drill(
        name="disk",
        loss="the disk of the primary, with no standby left",
        run=lose_disk,
        most_rpo_seconds=1,
        why_missing="written in the last moment, not yet streamed",
    )
]
