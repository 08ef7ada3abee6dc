"""What occupies a resource in a part of a longer period."""

from datetime import UTC, datetime, timedelta
from time import perf_counter

from server.domain.booking.resources import Occupied, Resource
from server.domain.booking.slots import Period

NINE = datetime(2026, 3, 3, 9, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def room(visits: int) -> Resource:
    """A room with visits of a quarter of an hour, and as long a break after each."""
    starts = [NINE + 2 * QUARTER * number for number in range(visits)]
    return Resource(
        "", "room", "", [Occupied(f"{start:%H:%M}", Period(start, start + QUARTER), None) for start in starts]
    )


def test_only_what_overlaps_a_period_occupies_it() -> None:
    def during(start: float, end: float) -> list[str]:
        return [each.appointment_id for each in room(4).during(Period(NINE + start * QUARTER, NINE + end * QUARTER))]

    assert during(0, 1) == ["09:00"]
    assert during(1, 2) == []
    assert during(0.5, 2.5) == ["09:00", "09:30"]
    assert during(1, 9) == ["09:30", "10:00", "10:30"]
    assert during(-2, 0) == during(7, 9) == []


def test_a_room_with_a_hundred_times_as_many_visits_takes_nowhere_near_a_hundred_times_as_long() -> None:
    def seconds(visits: int) -> float:
        full, after = room(visits), NINE + 2 * QUARTER * visits
        began = perf_counter()
        for _ in range(1_000):
            assert full.is_free(Period(after, after + QUARTER), NINE)
        return perf_counter() - began

    assert min(seconds(5_000) for _ in range(3)) < 25 * min(seconds(50) for _ in range(3))
