"""Rates that several processes keep together."""

import asyncio
import time

from db.valkey.client import Valkey, create_client
from db.valkey.rates import Rate
from server.notifications.limits import Limit
from tests.fixtures.clinic import Scene
from tests.fixtures.mail import Relay, start_worker, stop_worker
from tests.fixtures.worker import settings_for
from tests.notifications.crowd import crowd

PER_SECOND = 100
SECONDS = 0.7


def limit(valkey: Valkey, share: float) -> Limit:
    return Limit(Rate(valkey, "test", PER_SECOND), share, time.monotonic)


async def moments(limit: Limit, until: float) -> list[float]:
    """When each call may be made that somebody without rest asks for until then."""
    found = []
    while time.monotonic() < until:
        await asyncio.sleep(await limit.take())
        found.append(time.monotonic())
    return found


async def of_busy_workers(*limits: Limit) -> list[float]:
    """Seconds from the start to each call of workers that always have five calls to make; never more than the rate."""
    start = time.monotonic()
    each = await asyncio.gather(*(moments(limit, start + SECONDS) for limit in limits for _ in range(5)))
    return sorted(at - start for times in each for at in times)


def keeps(times: list[float], per_second: float) -> bool:
    """Whether no call came before its turn; a busy machine makes calls late, never early."""
    return all(at >= number / per_second - 0.001 for number, at in enumerate(times))


async def test_two_workers_together_never_go_faster_than_the_rate(valkey_urls: dict[str, str]) -> None:
    clients = [create_client(valkey_urls["cache_url"]) for _ in range(2)]
    both = [limit(client, 1) for client in clients]
    times = await of_busy_workers(*both)
    assert keeps(times, PER_SECOND)
    assert len(times) > 10
    # What was not used is not saved up.
    await asyncio.sleep(SECONDS)
    assert keeps(await of_busy_workers(*both), PER_SECOND)
    for client in clients:
        await client.aclose()


async def test_without_valkey_a_worker_keeps_its_share() -> None:
    nowhere = create_client("redis://127.0.0.1:1/0")
    times = await of_busy_workers(limit(nowhere, PER_SECOND / 2))
    assert keeps(times, PER_SECOND / 2)
    assert len(times) > 5
    await nowhere.aclose()


async def test_mail_of_two_workers_arrives_no_faster_than_the_rate(
    scene: Scene, relay: Relay, database_url: str, valkey_urls: dict[str, str]
) -> None:
    people = await crowd(scene)
    for _ in range(40):
        await people.book()
    settings = settings_for(database_url, **valkey_urls, smtp_url=relay.url, email_per_second=20)
    workers = [await start_worker(settings) for _ in range(2)]
    try:
        await relay.arrived(40)
    finally:
        await asyncio.gather(*map(stop_worker, workers))
    # What was on its way from either, five at once, may arrive late and so together.
    on_the_way = 2 * 5
    busiest = max(sum(at <= other < at + 1 for other in relay.times) for at in relay.times)
    assert busiest <= 20 + on_the_way
