"""What a worker remembers of days has a bound."""

from datetime import date, timedelta

from db.valkey.days import NO_EXPIRY, RenderedDay
from server.usecases.schedules.live.memory import Memory
from tests.fixtures.book import NOW

FIRST = date(2026, 3, 2)


def test_the_days_that_were_asked_for_last_are_remembered_up_to_16_mebibytes() -> None:
    memory, size = Memory(lambda: NOW), 1 << 20
    keys = [("doctor", FIRST + timedelta(days=number)) for number in range(40)]
    for key in keys:
        day = RenderedDay(*key, "clinic", epoch=1, revision=0, valid_until=NO_EXPIRY, free=b"", whole=bytes(size))
        memory.put(day)
        memory.get(keys[0])  # which keeps it from making room
    kept = [key for key in keys if memory.get(key)]
    assert kept == [keys[0], *keys[-14:]]
