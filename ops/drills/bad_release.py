"""A release that fails every booking takes a worker's place, and is rolled back."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from ops.drills.frame import Drill, Findings
from ops.drills.people import Clinic, working
from server.local.processes.process import Process
from server.local.servers import workers
from server.local.servers.workers import HERE, Release
from tests.faults.conftest import visiting
from tests.faults.town import ROOT, Town, town
from tests.fixtures.waiting import until

SECONDS = 2.0
"""Of undisturbed load, before and after."""
WORKER = "worker-1"
RULE = Path("server/usecases/appointments/book.py")
GOOD = "        doctor_id = booking.doctor_id\n"
BAD = f'        raise RuntimeError("bad release")\n{GOOD}'
NOTICED = 5
"""After so many failed calls somebody rolls back."""


async def roll_back() -> Findings:
    """Start the bad release in the place of a worker, and the good one again once calls fail."""
    with town() as place, tempfile.TemporaryDirectory(prefix="yoyaku-") as directory:
        bad = _bad_release(Path(directory))
        async with visiting(place) as fleet:
            async with working(place, fleet) as clinic:
                await asyncio.sleep(SECONDS)
                good, released_at = place.parts[WORKER].launch, time.monotonic()
                await _exchange(place, lambda: _launch(place, bad))
                await until(lambda: _fails(clinic))
                await _exchange(place, good)
                await clinic.serves_again()
                back_at = time.monotonic()
                failed = _forget_failures(clinic)
                await asyncio.sleep(SECONDS)
            return await clinic.findings(released_at, back_at, remark=f"{failed} calls failed while it served")


def _bad_release(directory: Path) -> Release:
    """A copy of the programs in which every booking fails."""
    for name in ("db", "server"):
        shutil.copytree(ROOT / name, directory / name, ignore=shutil.ignore_patterns("__pycache__"))
    rule = directory / RULE
    good = rule.read_text()
    if GOOD not in good:
        raise LookupError(f"{RULE} has changed: choose another line to break")
    rule.write_text(good.replace(GOOD, BAD, 1))
    return Release(HERE.python, directory)


def _launch(place: Town, release: Release) -> Process:
    port = int(place.addresses[0].rpartition(":")[2])
    log = place.home / "bad-release.log"
    return workers.launch(WORKER, log, port=port, environment=place.environment, release=release)


async def _exchange(place: Town, launch: Callable[[], Process]) -> None:
    part = place.parts[WORKER]
    await asyncio.to_thread(part.process.stop, workers.STOP_SECONDS)
    part.launch = launch
    await part.start_again()


async def _fails(clinic: Clinic) -> bool:
    return len(clinic.running.notes.failures) >= NOTICED


def _forget_failures(clinic: Clinic) -> int:
    """Take what the bad release answered out of what is checked; how many calls that were."""
    notes = clinic.running.notes
    failed = [each for each in notes.history.bookings if each.outcome == "refused" and each.reason == "INTERNAL_ERROR"]
    notes.history.bookings = [each for each in notes.history.bookings if each not in failed]
    notes.failures.clear()
    return len(failed)


DRILLS = [
    Drill(
        name="release",
        loss="a release that fails every booking, on one of two workers",
        run=roll_back,
    )
]
