"""Workers killed at random: every committed booking is told of once, waits, or is known to be unknown.

TEST_BOOKINGS=1000 makes as many bookings.
"""

import asyncio
import os
import random
import sys

import pytest

from server.config import Settings
from tests.fixtures.clinic import Scene
from tests.fixtures.mail import Relay, start_worker
from tests.fixtures.waiting import until
from tests.fixtures.worker import settings_for
from tests.notifications.crowd import crowd, delivered

BOOKINGS = int(os.environ.get("TEST_BOOKINGS", "100"))


class Killed:
    """Two workers, of which one or the other is killed time and again and replaced."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._killing: asyncio.Task[None] | None = None
        self.workers: list[asyncio.subprocess.Process] = []
        self.kills = 0

    async def __aenter__(self) -> "Killed":
        self.workers = [await start_worker(self._settings) for _ in range(2)]
        self._killing = asyncio.create_task(self._kill())
        return self

    async def spare(self) -> None:
        """Kill no more."""
        assert self._killing
        self._killing.cancel()
        await asyncio.wait([self._killing])

    async def __aexit__(self, *_: object) -> None:
        await self.spare()
        for worker in self.workers:
            # The last one may not even have begun.
            worker.terminate()
            await worker.wait()

    async def _kill(self) -> None:
        while True:
            await asyncio.sleep(random.uniform(1.5, 3.5))
            place = random.randrange(2)
            self.workers[place].kill()
            await self.workers[place].wait()
            self.kills += 1
            self.workers[place] = await start_worker(self._settings)


async def test_a_notice_is_sent_once_or_known_to_be_unknown_whenever_workers_die(
    scene: Scene, relay: Relay, database_url: str, valkey_urls: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    people = await crowd(scene)
    relay.pause_after_data = 0.1  # workers die while they wait for an answer
    settings = settings_for(
        database_url, **valkey_urls, smtp_url=relay.url, worker_dead_after_seconds=2, email_per_second=30
    )
    async with Killed(settings) as killed:
        for number in range(BOOKINGS):
            await people.book()
            if number % 10 == 0:
                await people.collide()

        async def often_enough() -> bool:
            return killed.kills >= 4

        await until(often_enough)
        await killed.spare()
        statuses = await people.settled(seconds=120 + BOOKINGS / 5)
    sent, dead = await people.ids_by_status("sent"), await people.ids_by_status("dead")
    arrived = delivered(relay)
    with capsys.disabled():
        sys.stdout.write(f"\n{killed.kills} kills; of {BOOKINGS} notices {dict(statuses)}, {len(arrived)} arrived\n")
    assert statuses.keys() <= {("sent", ""), ("dead", "outcome_unknown")}
    assert sent | dead == set(people.booked)
    assert set(arrived.values()) == {1}
    assert sent <= arrived.keys() <= sent | dead
    assert people.refused == -(-BOOKINGS // 10)
