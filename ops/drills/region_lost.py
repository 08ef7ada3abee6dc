"""A whole place is lost, with its backups: back from the encrypted copies in the second place, by the escrowed keys."""

import asyncio
import shutil
import time

from ops.drills.backed_up import backed_up_town, restore
from ops.drills.frame import Drill, Findings
from ops.drills.people import rotate_keys, working
from tests.faults.conftest import visiting
from tests.fixtures.waiting import until
from tests.fixtures.workers import Fleet

COPY_SECONDS = 180.0
SECONDS = 3.0
"""Of undisturbed load, before and after."""


async def lose_region() -> Findings:
    """Kill both servers and whatever takes backups, and delete all that they had."""
    with backed_up_town() as place:
        async with visiting(place) as fleet:
            async with working(place, fleet) as clinic:
                # Nobody could go on whose account is younger than the copy.
                [(begun,)] = await fleet.book.rows("SELECT clock_timestamp()")
                await until(lambda: _is_copied_since(fleet, begun), COPY_SECONDS)
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


async def _is_copied_since(fleet: Fleet, moment: object) -> bool:
    # A copy that ends later may have begun earlier.
    since = "SELECT FROM backup_steps WHERE step = 'copy' AND succeeded_at > %s + interval '10 seconds'"
    return bool(await fleet.book.rows(since, moment))


DRILLS = [
    Drill(
        name="region",
        loss="both servers and the backups beside them",
        run=lose_region,
        most_rpo_seconds=60,
        why_missing="written after the last copy",
    )
]
