"""Work that must end at a deadline."""

import asyncio

import pytest

from db.timeouts import Timeouts
from server.domain.errors import DomainError, Reason
from server.rpc.calls.deadlines import Deadlines

LONG = 30.0


async def waits_for(future: "asyncio.Future[int]", notes: list[str]) -> int:
    try:
        return await future
    except ValueError:
        notes.append("failed")
        await asyncio.sleep(0)
        return -1
    except asyncio.CancelledError:
        notes.append("cancelled")
        raise


async def test_work_that_never_waits_gives_its_result() -> None:
    async def ready() -> int:
        return 7

    assert await Deadlines().within(LONG, ready()) == 7


async def test_work_goes_on_after_its_waits_whether_they_end_well_or_fail() -> None:
    loop, notes = asyncio.get_running_loop(), list[str]()
    well, ill = loop.create_future(), loop.create_future()
    loop.call_soon(well.set_result, 7)
    assert await Deadlines().within(LONG, waits_for(well, notes)) == 7
    loop.call_soon(ill.set_exception, ValueError("of what it waits for"))
    assert await Deadlines().within(LONG, waits_for(ill, notes)) == -1
    assert notes == ["failed"]


async def test_work_that_waits_too_long_is_cancelled() -> None:
    notes = list[str]()
    with pytest.raises(DomainError) as refused:
        await Deadlines().within(0.01, waits_for(asyncio.get_running_loop().create_future(), notes))
    assert (refused.value.reason, notes) == (Reason.DEADLINE_PASSED, ["cancelled"])
    current = asyncio.current_task()
    assert current
    assert current.cancelling() == 0


async def test_a_timeout_within_the_work_is_not_taken_for_the_deadline() -> None:
    async def impatient() -> None:
        async with asyncio.timeout(0):
            await asyncio.sleep(LONG)

    with pytest.raises(TimeoutError):
        await Deadlines().within(LONG, impatient())


async def test_a_cancellation_from_elsewhere_stays_one() -> None:
    notes = list[str]()
    task = asyncio.create_task(Deadlines().within(LONG, waits_for(asyncio.get_running_loop().create_future(), notes)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert notes == ["cancelled"]


async def test_of_two_limits_the_one_that_passes_first_ends_the_work() -> None:
    inner = Timeouts(lambda: ValueError("took too long"))
    never = asyncio.get_running_loop().create_future
    with pytest.raises(ValueError, match="took too long"):
        await Deadlines().within(LONG, inner.within(0.01, waits_for(never(), [])))
    with pytest.raises(DomainError):
        await Deadlines().within(0.01, inner.within(LONG, waits_for(never(), [])))
    current = asyncio.current_task()
    assert current
    assert current.cancelling() == 0
