"""What a worker remembers of days has a bound."""

from datetime import date, datetime, timedelta

from db.valkey.days import NO_EXPIRY, RenderedDay
from server.usecases.schedules.live.memory import Memory
from server.usecases.schedules.live.summaries import DaySummary
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


def test_the_numbers_of_50_000_days_are_remembered() -> None:
    memory = Memory(lambda: NOW)
    keys = [(f"doctor {number}", FIRST) for number in range(50_001)]
    for key in keys:
        memory.put_summary(summary(*key))
        memory.summary(keys[0])  # which keeps it from making room
    assert [key for key in keys if not memory.summary(key)] == [keys[1]]


def test_numbers_are_forgotten_once_the_day_has_changed_or_its_time_has_passed() -> None:
    now = NOW
    memory = Memory(lambda: now)
    memory.put_summary(summary("doctor", FIRST, revision=4, valid_until=NOW + timedelta(hours=1)))
    memory.learn(("doctor", FIRST), 1, 4)
    assert memory.summary(("doctor", FIRST))
    memory.learn(("doctor", FIRST), 1, 5)
    assert memory.summary(("doctor", FIRST)) is None
    memory.put_summary(summary("doctor", FIRST, revision=4))
    assert memory.summary(("doctor", FIRST)) is None
    memory.put_summary(summary("doctor", FIRST, revision=5, valid_until=NOW + timedelta(hours=1)))
    now += timedelta(hours=1)
    assert memory.summary(("doctor", FIRST)) is None
    memory.put_summary(summary("doctor", FIRST, revision=5))
    memory.learn_epoch(2)
    assert memory.summary(("doctor", FIRST)) is None


def summary(doctor_id: str, day: date, revision: int = 0, valid_until: datetime = NO_EXPIRY) -> DaySummary:
    return DaySummary(doctor_id, day, "clinic", 1, revision, valid_until, free=3, total=6)
