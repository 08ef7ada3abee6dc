"""Each part is lost under load: nothing acknowledged is lost, no slot is given twice, it serves again by itself."""

import asyncio

import pytest

from tests.faults.breaking import FAULTS
from tests.faults.load import load
from tests.faults.town import Town
from tests.fixtures.workers import Fleet

SECONDS = 1.5
"""Of undisturbed load, before and after."""
MANY = 40
"""Patients, more than there are connections."""
CHOSEN = ("primary killed", "standby_1 killed", "valkey killed", "worker-1 killed", "pools are full")
"""`make soak` does the others too."""


@pytest.mark.parametrize("fault", CHOSEN)
async def test_a_fault_takes_nothing_along(fault: str, place: Town, fleet: Fleet) -> None:
    async with load(fleet, patients=MANY if fault == "pools are full" else 8) as running:
        await asyncio.sleep(SECONDS)
        await FAULTS[fault](place, fleet)
        await running.serves_again()
        await asyncio.sleep(SECONDS)
    print(f"{fault}: {running.summary()}")
    assert await running.contradictions() == []
    if fault == "pools are full":
        assert running.notes.codes["OVERLOADED"] > 0
