"""Rates that several processes keep together."""

import asyncio
import time

from db.valkey.client import create_client
from db.valkey.rates import Rate
from server.notifications.limits import Limit

SECOND = 1.0
PER_SECOND = 100


async def moments(limit: Limit, until: float) -> list[float]:
    """When each call may be made that a busy worker asks for in that time."""
    found = []
    while (at := time.monotonic() + await limit.take()) < until:
        await asyncio.sleep(at - time.monotonic())
        found.append(at)
    return found


def busiest(times: list[float], seconds: float) -> int:
    """Most calls in any stretch of time so long."""
    ordered = sorted(times)
    return max(sum(1 for other in ordered if at <= other < at + seconds) for at in ordered)


async def test_two_workers_together_never_go_faster_than_the_rate(valkey_urls: dict[str, str]) -> None:
    clients = [create_client(valkey_urls["cache_url"]) for _ in range(2)]
    limits = [Limit(Rate(client, "test", PER_SECOND), 1, time.monotonic) for client in clients]
    until = time.monotonic() + 2 * SECOND
    # Five at once in each, as in a worker.
    both = await asyncio.gather(*(moments(limit, until) for limit in limits for _ in range(5)))
    times = [at for each in both for at in each]
    assert busiest(times, SECOND) <= PER_SECOND + 1  # their clocks tell the answer's time, not Valkey's
    assert len(times) >= PER_SECOND
    assert all(sum(map(len, both[half : half + 5])) > PER_SECOND / 10 for half in (0, 5))
    for client in clients:
        await client.aclose()


async def test_without_valkey_a_worker_keeps_its_share() -> None:
    nowhere = create_client("redis://127.0.0.1:1/0")
    limit = Limit(Rate(nowhere, "test", PER_SECOND), PER_SECOND / 2, time.monotonic)
    times = await moments(limit, time.monotonic() + SECOND)
    assert PER_SECOND / 10 <= len(times) <= PER_SECOND / 2 + 1
    assert busiest(times, SECOND / 2) <= PER_SECOND / 4 + 1
    await nowhere.aclose()
