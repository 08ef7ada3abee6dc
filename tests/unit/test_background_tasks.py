"""What a worker does beside answering calls, and what becomes of the worker when that ends."""

import asyncio

import pytest

from server.background_tasks import BrokenError, kept_up


async def goes_on() -> None:
    await asyncio.Event().wait()


async def fails() -> None:
    await asyncio.sleep(0)
    raise ValueError("of a task")


async def ends() -> None:
    await asyncio.sleep(0)


async def test_it_is_cancelled_when_the_worker_leaves() -> None:
    stop = asyncio.Event()
    async with kept_up([goes_on(), goes_on()], stop):
        await asyncio.sleep(0)
        assert not stop.is_set()


@pytest.mark.parametrize("broken", [fails, ends])
async def test_a_worker_whose_background_ends_leaves_and_says_why(broken: object) -> None:
    stop = asyncio.Event()
    with pytest.raises(BrokenError) as error:
        async with kept_up([goes_on(), broken()], stop):  # type: ignore[operator]
            await asyncio.wait_for(stop.wait(), 5)
    assert isinstance(error.value.__cause__, ValueError if broken is fails else type(None))
