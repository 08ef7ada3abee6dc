"""Searches of slots beside other work."""

import asyncio
from datetime import UTC, date, datetime, timedelta

from db.postgres.booking.days import OfferRow
from server.usecases.schedules.search import free_slots

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
DAY = date(2026, 3, 2)
HOURS = '[["2026-01-01", 1, "09:00", "12:00", 30, 1]]'


def offer(doctor_id: str) -> OfferRow:
    """A doctor who works on Mondays, in UTC."""
    policy = (90, 0, 0, 2, 0, 0)
    names = (doctor_id, "person", "Ken", "General practice", True, 1, "clinic", "Clinic", "UTC")
    return OfferRow(*names, *policy, "{}", "{}", "[]", 1, None, 0, HOURS, [])


async def test_other_calls_go_on_between_two_doctors() -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(others())
    offers = [offer(str(number)) for number in range(20)]
    found = await free_slots(offers, None, DAY, DAY + timedelta(days=6), NOW)
    other.cancel()
    assert len(found) == 6 * len(offers)
    assert turns >= len(offers)
