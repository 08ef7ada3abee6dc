"""A standby is promoted under load, the primary being gone: workers go over and streams go on by themselves."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from server.backups.barman import Barman
from server.backups.keeping import Keeping
from server.local.servers import database
from tests.faults.conftest import visiting
from tests.faults.load import Load, load
from tests.faults.town import ROOT, Town, town
from tests.fixtures.waiting import PATIENCE_SECONDS
from tests.fixtures.worker import Client
from yoyaku.v1 import schedule_service_pb2 as schedules

SECONDS = 1.5
"""Of undisturbed load, before and after."""
LONGEST_SECONDS = 300
"""For one test on a slow machine; it takes about 15."""


async def promote(place: Town) -> str:
    """What an operator types; what it says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "server",
        "promote",
        cwd=ROOT,
        env=os.environ | place.environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return f"{process.returncode}: {said.decode()}"


async def watch(client: Client, doctor_id: str, date: str, epochs: list[int], over: asyncio.Event) -> None:
    """Note the epoch of each day that a stream shows; `over` is set at the second."""
    request = schedules.WatchSlotsRequest(doctor_ids=[doctor_id], date=date)
    call: Any = client.schedules.WatchSlots(request, metadata=client.metadata)
    async for message in call:
        if message.HasField("day"):
            epochs += [message.day.epoch]
            if message.day.epoch == 2:
                over.set()


async def fail_over(place: Town, running: Load, client: Client, *, hangs: bool) -> list[int]:
    """Lose the primary, or have it hang, promote under load; let the old one run again, and restart a worker.

    The epochs that a stream saw.
    """
    old = place.parts["primary"]
    epochs: list[int] = []
    over = asyncio.Event()
    watching = asyncio.create_task(watch(client, running.doctor_ids[0], running.date, epochs, over))
    assert (await promote(place)).startswith("1: error: ")
    await asyncio.sleep(SECONDS)
    if hangs:
        old.send(signal.SIGSTOP)
    else:
        old.kill()
    said = await promote(place)
    assert said.startswith("0: "), said
    assert "epoch 2" in said
    await running.serves_again()
    if hangs:
        old.send(signal.SIGCONT)
    else:
        await old.start_again()
    # A worker that knows nothing of what happened finds two primaries, the wrong one first in its list.
    place.parts["worker-1"].kill()
    await place.parts["worker-1"].start_again()
    await running.serves_again()
    await asyncio.sleep(SECONDS)
    await asyncio.wait_for(over.wait(), PATIENCE_SECONDS)
    watching.cancel()
    return epochs


def test_what_takes_backups_finds_the_primary_wherever_the_url_names_it(place: Town, tmp_path: Path) -> None:
    # As after a promotion.
    url = database.url_of(place.servers[::-1])
    keeping = Keeping(Barman(tmp_path, "", Path()), None, url, print)
    keeping.note("copy")
    assert place.servers[0].query("SELECT step FROM backup_steps", database.NAME) == "copy"


@pytest.mark.parametrize("synchronous", [False, True])
async def test_a_promoted_standby_takes_over_from_a_dead_or_hanging_primary(synchronous: bool) -> None:
    with town(standbys=2 if synchronous else 1, synchronous=synchronous) as place:
        async with visiting(place) as fleet, asyncio.timeout(LONGEST_SECONDS):
            [_, client] = await fleet.clients("admin")
            async with load(fleet) as running:
                epochs = await fail_over(place, running, client, hangs=not synchronous)
            lost = running.notes.history.lost(await running.book())
            print(f"promoted, {synchronous=}: {running.summary()}; {len(lost)} acknowledged writes lost")
            assert await running.contradictions(losses=not synchronous) == []
            assert epochs == sorted(epochs)
            # The old primary runs again, and got nothing.
            old = place.servers[0]
            assert old.query("SELECT epoch FROM cluster_epoch", database.NAME) == "1"
            newest = "SELECT max(created_at) FROM appointments"
            assert old.query(newest, database.NAME) < str((await fleet.book.rows(newest))[0][0])
