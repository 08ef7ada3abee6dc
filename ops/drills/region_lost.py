"""A whole place is lost, with its backups: back from the encrypted copies in the second place, by the escrowed keys."""

import asyncio
import shutil
import time

from ops.drills.backed_up import backed_up_town, restore
from ops.drills.frame import Drill, Findings
from ops.drills.people import rotate_keys, working
from tests.faults.conftest import visiting

SECONDS = 3.0
"""Of undisturbed load, before and after."""


async def lose_region() -> Findings:
    """Kill both servers and whatever takes backups, and delete all that they had."""
    with backed_up_town() as place:
        async with visiting(place) as fleet, working(place, fleet) as clinic:
            await asyncio.sleep(SECONDS)
            await rotate_keys(place)
            await asyncio.sleep(SECONDS)
            lost_at = time.monotonic()
            for name in ("primary", "standby_1", "backup"):
                place.parts[name].kill()
            for data in (*(server.data for server in place.servers), place.home / "backups"):
                shutil.rmtree(data)
            await restore(place, "--to", "latest", "--from-second-place")
            await clinic.serves_again()
            back_at = time.monotonic()
            await asyncio.sleep(SECONDS)
            return await clinic.findings(lost_at, back_at, losses=True, remark="keys rotated after the backup")


DRILLS = [
    Drill(
        name="region",
        loss="both servers and the backups beside them",
        run=lose_region,
        most_rpo_seconds=60,
        why_missing="written after the last copy",
    )
]
