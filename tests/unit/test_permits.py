"""Permits for connections: in order, in time, and none is lost."""

import asyncio

import pytest

from db.errors import Saturated
from db.postgres.driver.permits import Permits

LONG = 30.0


async def test_who_waits_gets_a_permit_in_the_order_of_coming() -> None:
    permits, served = Permits(1), list[int]()

    async def wait(number: int) -> None:
        await permits.acquire(LONG)
        served.append(number)

    await permits.acquire(LONG)
    tasks = [asyncio.create_task(wait(number)) for number in range(3)]
    await asyncio.sleep(0)
    for number in range(3):
        permits.release()
        await tasks[number]
    assert served == [0, 1, 2]


async def test_who_waits_too_long_is_told_so_and_takes_no_permit() -> None:
    permits = Permits(1)
    await permits.acquire(LONG)
    with pytest.raises(Saturated):
        await permits.acquire(0.01)
    permits.release()
    await permits.acquire(0.01)


@pytest.mark.parametrize("handed_over", [False, True])
async def test_who_is_cancelled_leaves_the_permit_to_others(handed_over: bool) -> None:
    permits = Permits(1)
    await permits.acquire(LONG)
    waiting = asyncio.create_task(permits.acquire(LONG))
    await asyncio.sleep(0)
    if handed_over:
        permits.release()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    if not handed_over:
        permits.release()
    await permits.acquire(0.01)
    with pytest.raises(Saturated):
        await permits.acquire(0.01)
