"""The time of day that patients were told, once the rules of time zones have changed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from server.domain.booking.wall_time import ToldStart, utc_offset_minutes, without_collisions

NEW_YORK = ZoneInfo("America/New_York")
TEN_UTC = datetime(2026, 3, 8, 10, 0, tzinfo=UTC)


def told(hour: int, offset: int, zone: ZoneInfo = NEW_YORK, day: int = 8, minute: int = 0) -> ToldStart:
    return ToldStart(f"{hour}", 1, zone, datetime(2026, 3, day, hour, minute, tzinfo=UTC), offset)


@pytest.mark.parametrize(
    ("zone", "instant", "minutes"),
    [
        ("America/New_York", datetime(2026, 3, 8, 6, 59, tzinfo=UTC), -300),
        ("America/New_York", datetime(2026, 3, 8, 7, 0, tzinfo=UTC), -240),
        ("Asia/Kathmandu", TEN_UTC, 345),
    ],
)
def test_an_offset_is_that_of_the_zone_at_the_instant(zone: str, instant: datetime, minutes: int) -> None:
    assert utc_offset_minutes(instant, ZoneInfo(zone)) == minutes


def test_a_start_that_was_told_by_the_rules_of_now_has_not_moved() -> None:
    start = told(14, -240)
    assert not start.has_moved
    assert start.told == start.shown == datetime(2026, 3, 8, 10, 0)  # wall time
    assert start.as_told == start.start_at


def test_a_start_that_was_told_by_other_rules_goes_to_where_clocks_show_that_time() -> None:
    start = told(15, -300)
    assert start.has_moved
    assert (f"{start.told:%H:%M}", f"{start.shown:%H:%M}") == ("10:00", "11:00")
    assert start.as_told == start.start_at - timedelta(hours=1)


def test_a_time_that_clocks_skip_now_cannot_be_kept() -> None:
    assert told(8, -330).as_told is None  # 02:30 on the night of the change


def test_of_a_time_that_comes_twice_the_nearer_one_is_kept() -> None:
    autumn = ToldStart("a", 1, NEW_YORK, datetime(2026, 11, 1, 7, 30, tzinfo=UTC), -360)
    assert (f"{autumn.told:%H:%M}", autumn.as_told) == ("01:30", datetime(2026, 11, 1, 6, 30, tzinfo=UTC))


def test_each_finds_its_new_time_left_by_the_one_before() -> None:
    earlier = [told(15, -300), told(16, -300)]  # all go an hour earlier
    assert without_collisions(earlier[::-1]) == earlier
    later = [told(15, -180), told(16, -180)]  # all go an hour later
    assert without_collisions(later) == later[::-1]
