"""kill -9 of each part under load: nothing acknowledged is lost, no slot is given twice, it serves again by itself."""

import asyncio

import pytest

from db.postgres.engines import Connection
from db.postgres.transaction import transact
from tests.faults.load import load
from tests.faults.town import Town
from tests.fixtures.workers import Fleet

SECONDS = 1.5
"""Of undisturbed load, before and after."""


@pytest.mark.parametrize("name", ["primary", "standby_1", "valkey", "worker-1"])
async def test_a_killed_part_takes_nothing_along(name: str, place: Town, fleet: Fleet) -> None:
    async with load(fleet) as running:
        await asyncio.sleep(SECONDS)
        place.parts[name].kill()
        await place.parts[name].start_again()
        await running.serves_again()
        await asyncio.sleep(SECONDS)
    print(f"{name} killed: {running.summary()}")
    assert await running.contradictions() == []


async def test_a_full_pool_refuses_in_time_and_loses_nothing(fleet: Fleet) -> None:
    async with load(fleet, patients=40) as running:
        await asyncio.sleep(SECONDS)

        async def hold(pg: Connection) -> None:
            await (await pg.execute("LOCK TABLE schedule_days IN ACCESS EXCLUSIVE MODE")).fetchall()
            await asyncio.sleep(4)

        await transact(fleet.book.engine, hold)
        await running.serves_again()
    print(f"pool full: {running.summary()}")
    assert running.notes.codes["OVERLOADED"] > 0
    assert await running.contradictions() == []
