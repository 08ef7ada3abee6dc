"""Slots from working hours, where clocks change and where they do not."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.booking.doctor import Doctor
from server.domain.booking.hours import HoursVersion, Session
from server.domain.booking.policies import Policy
from server.domain.booking.slots import Slot, instants, slots_on

NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
SPRING, AUTUMN = date(2026, 3, 8), date(2026, 11, 1)
NO_BUFFER = timedelta()


def daily(start: str, end: str, minutes: int = 30, capacity: int = 1) -> list[HoursVersion]:
    sessions = [
        Session(day, time.fromisoformat(start), time.fromisoformat(end), minutes, capacity) for day in range(1, 8)
    ]
    return [HoursVersion(date(2020, 1, 1), sessions)]


def labels(slots: list[Slot]) -> list[str]:
    return [slot.time_slot for slot in slots]


def test_hours_after_the_spring_change_are_on_summer_time() -> None:
    slots = slots_on(daily("13:00", "18:00"), NEW_YORK, SPRING, NO_BUFFER)
    assert slots[0].start_at == datetime(2026, 3, 8, 17, 0, tzinfo=UTC)
    assert slots[-1].end_at == datetime(2026, 3, 8, 22, 0, tzinfo=UTC)
    assert len(slots) == 10


def test_a_slot_in_the_gap_is_not_offered() -> None:
    slots = slots_on(daily("01:00", "04:00"), NEW_YORK, SPRING, NO_BUFFER)
    assert labels(slots) == ["01:00", "01:30", "03:00", "03:30"]
    assert slots[2].start_at - slots[1].start_at == timedelta(minutes=30)


@pytest.mark.parametrize(
    ("zone", "day", "start", "end", "last"),
    [
        ("America/New_York", date(2026, 3, 7), "22:00", "02:00", "01:30"),
        ("America/New_York", SPRING, "00:00", "02:30", "01:30"),
        ("Europe/London", date(2026, 3, 29), "00:00", "01:00", "00:30"),
        ("Australia/Lord_Howe", date(2026, 10, 4), "01:00", "02:00", "01:30"),
    ],
)
def test_the_last_slot_before_the_gap_is_offered(zone: str, day: date, start: str, end: str, last: str) -> None:
    assert labels(slots_on(daily(start, end), ZoneInfo(zone), day, NO_BUFFER))[-1] == last


def test_a_slot_in_the_fold_is_offered_once_per_real_hour() -> None:
    slots = slots_on(daily("00:30", "02:30"), NEW_YORK, AUTUMN, NO_BUFFER)
    assert labels(slots) == ["00:30", "01:00", "01:30", "01:00", "01:30", "02:00"]
    assert [slot.start_at.hour * 60 + slot.start_at.minute for slot in slots] == [270, 300, 330, 360, 390, 420]


def test_lord_howe_shifts_by_half_an_hour() -> None:
    spring = slots_on(daily("01:00", "04:00"), LORD_HOWE, date(2026, 10, 4), NO_BUFFER)
    assert labels(spring) == ["01:00", "01:30", "02:30", "03:00", "03:30"]
    autumn = slots_on(daily("01:00", "03:00"), LORD_HOWE, date(2026, 4, 5), NO_BUFFER)
    assert labels(autumn) == ["01:00", "01:30", "01:30", "02:00", "02:30"]
    assert [after.start_at - before.start_at for before, after in pairwise(autumn)] == [timedelta(minutes=30)] * 4


def test_slots_longer_than_the_shift_do_not_overlap_in_the_fold() -> None:
    slots = slots_on(daily("00:00", "06:00", minutes=90), NEW_YORK, AUTUMN, NO_BUFFER)
    assert all(before.end_at <= after.start_at for before, after in pairwise(slots))


def test_a_session_over_midnight_belongs_to_the_day_it_starts() -> None:
    slots = slots_on(daily("23:00", "01:00"), ZoneInfo("Asia/Tokyo"), date(2026, 3, 2), NO_BUFFER)
    assert labels(slots) == ["23:00", "23:30", "00:00", "00:30"]
    assert {slot.date for slot in slots} == {date(2026, 3, 2)}
    assert slots[-1].end_at == datetime(2026, 3, 2, 16, 0, tzinfo=UTC)


def test_a_buffer_spaces_slots() -> None:
    buffer = timedelta(minutes=15)
    slots = slots_on(daily("09:00", "11:00"), ZoneInfo("Asia/Tokyo"), date(2026, 3, 2), buffer)
    assert labels(slots) == ["09:00", "09:45", "10:30"]


def test_the_latest_set_of_hours_that_has_begun_holds() -> None:
    later = [HoursVersion(date(2026, 3, 4), [])]
    hours = daily("09:00", "10:00") + later
    tokyo = ZoneInfo("Asia/Tokyo")
    assert labels(slots_on(hours, tokyo, date(2026, 3, 3), NO_BUFFER)) == ["09:00", "09:30"]
    assert slots_on(hours, tokyo, date(2026, 3, 4), NO_BUFFER) == []


@pytest.mark.parametrize(
    ("wall", "utc_hours"),
    [
        (datetime(2026, 3, 8, 2, 30), []),
        (datetime(2026, 11, 1, 1, 30), [5, 6]),
        (datetime(2026, 7, 1, 12, 0), [16]),
    ],
)
def test_instants_of_a_wall_time(wall: datetime, utc_hours: list[int]) -> None:
    assert [instant.hour for instant in instants(wall, NEW_YORK)] == utc_hours


ZONES = st.sampled_from(
    ["Asia/Tokyo", "America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"]
)
WALL = st.times().map(lambda t: t.replace(second=0, microsecond=0))


@given(
    zone=ZONES.map(ZoneInfo),
    day=st.dates(date(2025, 1, 1), date(2027, 12, 31)),
    start=WALL,
    end=WALL,
    minutes=st.integers(5, 480),
    buffer=st.integers(0, 60),
)
def test_slots_of_any_day_are_sorted_apart_and_named_by_the_wall_clock(
    zone: ZoneInfo, day: date, start: time, end: time, minutes: int, buffer: int
) -> None:
    hours = [HoursVersion(date(2020, 1, 1), [Session(n, start, end, minutes, 1) for n in range(1, 8)])]
    slots = slots_on(hours, zone, day, timedelta(minutes=buffer))
    for slot in slots:
        assert slot.end_at - slot.start_at == timedelta(minutes=minutes)
        assert f"{slot.start_at.astimezone(zone):%H:%M}" == slot.time_slot
    for before, after in pairwise(slots):
        assert before.occupied.end_at <= after.start_at


def test_a_search_over_more_days_than_are_remembered_computes_the_grid_of_equal_hours_once() -> None:
    policy = Policy(90, 0, 0, 9, 0)
    hours = daily("09:00", "12:00")
    doctors = [Doctor(str(each), "person", "clinic", NEW_YORK, policy, hours, active=True) for each in range(150)]
    days = [SPRING + timedelta(days=each) for each in range(20)]
    first = [doctors[0].slots_on(day) for day in days]
    assert all(doctor.slots_on(day) is slots for doctor in doctors for day, slots in zip(days, first, strict=True))
    assert all(doctors[0].slots_on(day) is slots for day, slots in zip(days, first, strict=True))
