"""The worker as a process: it waits for its database, and ends when it is told to."""

import asyncio

from server.notifications.wiring import work
from tests.fixtures.clinic import Scene
from tests.fixtures.mail import Relay, start_worker, stop_worker
from tests.fixtures.worker import settings_for
from tests.notifications.crowd import crowd


async def test_it_survives_that_there_is_no_database_and_ends_in_order() -> None:
    worker = await start_worker(settings_for("postgresql://x:y@127.0.0.1:1/z", pool_wait_seconds=0.5))
    try:
        await asyncio.wait_for(worker.wait(), 5)
    except TimeoutError:
        await stop_worker(worker)
    else:
        raise AssertionError(f"it ended with {worker.returncode}")


async def test_it_ends_whenever_in_its_first_moments_it_is_told_to(
    scene: Scene, database_url: str, valkey_urls: dict[str, str]
) -> None:
    settings = settings_for(database_url, **valkey_urls)
    for milliseconds in range(0, 120, 5):
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(milliseconds / 1000, stop.set)
        await asyncio.wait_for(work(settings, stop), 30)


async def test_it_ends_at_once_though_a_provider_is_away(
    scene: Scene, relay: Relay, database_url: str, valkey_urls: dict[str, str]
) -> None:
    people = await crowd(scene)
    relay.answers["*"] = "451 not now"
    for _ in range(12):
        await people.book()
    settings = settings_for(database_url, **valkey_urls, smtp_url=relay.url)
    worker = await start_worker(settings)
    # The breaker is open for half a minute now.
    await relay.asked_for(10)
    await asyncio.wait_for(stop_worker(worker), 15)
    relay.answers.clear()
    worker = await start_worker(settings)
    try:
        assert await people.settled(30) == {("sent", ""): 12}
    finally:
        await stop_worker(worker)
