"""Who may sit where: each test is a sentence of the rule."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.booking.doctor import Doctor
from server.domain.booking.hours import HoursVersion, Session
from server.domain.booking.policies import Policy
from server.domain.booking.seating import Busy, Place, Seat, Visit, holds_to_expire, seat_for, seats_left
from server.domain.booking.slots import Period, Slot
from server.domain.errors import DomainError, Reason

DAY = date(2026, 3, 2)
NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NOW = NINE - timedelta(hours=1)
MOST_PER_DAY = 2


def doctor(capacity: int = 1, minutes: int = 30, buffer: int = 0) -> Doctor:
    """A doctor in UTC who works from nine to twelve."""
    week = [Session(weekday, time(9), time(12), minutes, capacity) for weekday in range(1, 8)]
    policy = Policy(90, 0, 0, MOST_PER_DAY, buffer)
    hours = [HoursVersion(date(2020, 1, 1), week)]
    return Doctor("doctor", "person", "clinic", ZoneInfo("UTC"), policy, hours, active=True)


def at(minute: int, until: int) -> Period:
    """From so many minutes after nine until so many."""
    return Period(NINE + timedelta(minutes=minute), NINE + timedelta(minutes=until))


def sits(name: str, period: Period, seat: int = 1, *, doctor_id: str = "doctor", held: datetime | None = None) -> Busy:
    return Busy(name, doctor_id, DAY, seat, *period, held)


def comes(name: str, period: Period, *, clinic: str = "clinic", held: datetime | None = None) -> Visit:
    return Visit(name, "another doctor", clinic, DAY, *period, held)


def first_slot(who: Doctor, busy: Iterable[Busy] = (), visits: Iterable[Visit] = ()) -> Place:
    """The slot at nine, for an appointment named `new`."""
    return Place(who, who.slots_on(DAY)[0], list(busy), list(visits), "new")


def refusal(place: Place, *, override: bool = False) -> Reason:
    with pytest.raises(DomainError) as refused:
        seat_for(place, NOW, override=override)
    return refused.value.reason


def test_who_comes_first_gets_the_first_seat_and_the_next_one_the_next() -> None:
    assert seat_for(first_slot(doctor(2)), NOW) == Seat(1, is_extra=False)
    assert seat_for(first_slot(doctor(2), [sits("a", at(0, 30))]), NOW) == Seat(2, is_extra=False)
    assert seat_for(first_slot(doctor(2), [sits("a", at(0, 30), seat=2)]), NOW) == Seat(1, is_extra=False)


def test_a_full_slot_takes_nobody() -> None:
    assert refusal(first_slot(doctor(1), [sits("a", at(0, 30))])) is Reason.SLOT_TAKEN
    assert refusal(first_slot(doctor(2), [sits("a", at(0, 30)), sits("b", at(0, 30), 2)])) is Reason.SLOT_TAKEN


def test_an_override_takes_an_extra_seat_only_where_there_is_none() -> None:
    assert seat_for(first_slot(doctor(1), [sits("a", at(0, 30))]), NOW, override=True) == Seat(2, is_extra=True)
    assert seat_for(first_slot(doctor(1)), NOW, override=True) == Seat(1, is_extra=False)


def test_heads_are_counted_and_not_the_numbers_of_their_seats() -> None:
    # The slot had two seats, and whoever sat on the first one has left.
    fewer_seats = first_slot(doctor(1), [sits("a", at(0, 30), seat=2)])
    assert refusal(fewer_seats) is Reason.SLOT_TAKEN
    assert seat_for(fewer_seats, NOW, override=True) == Seat(1, is_extra=True)


def test_those_who_sit_in_parts_of_a_slot_count_as_many_as_meet_there() -> None:
    one_after_the_other = [sits("a", at(0, 30)), sits("b", at(30, 60), seat=2)]
    assert seat_for(first_slot(doctor(2, minutes=60), one_after_the_other), NOW) == Seat(3, is_extra=False)
    together = [sits("a", at(0, 40)), sits("b", at(30, 60), seat=2)]
    assert refusal(first_slot(doctor(2, minutes=60), together)) is Reason.SLOT_TAKEN
    with_one_who_stays = [sits("a", at(0, 60)), sits("b", at(0, 30), seat=2), sits("c", at(30, 60), seat=2)]
    assert refusal(first_slot(doctor(2, minutes=60), with_one_who_stays)) is Reason.SLOT_TAKEN
    assert seat_for(first_slot(doctor(3, minutes=60), with_one_who_stays), NOW) == Seat(3, is_extra=False)


def test_what_ends_when_a_slot_begins_is_not_in_its_way() -> None:
    assert seat_for(first_slot(doctor(1), [sits("a", at(-30, 0)), sits("b", at(30, 60))]), NOW).number == 1


def test_the_buffer_after_a_slot_must_be_free_as_well() -> None:
    assert refusal(first_slot(doctor(1, buffer=15), [sits("a", at(40, 70))])) is Reason.SLOT_TAKEN


def test_an_appointment_is_not_in_its_own_way() -> None:
    place = first_slot(doctor(1), [sits("new", at(-15, 15))], [comes("new", at(-15, 15))])
    assert seat_for(place, NOW) == Seat(1, is_extra=False)


def test_a_person_at_work_in_another_clinic_has_no_seat_here() -> None:
    assert refusal(first_slot(doctor(3), [sits("a", at(15, 45), doctor_id="the same, elsewhere")])) is Reason.SLOT_TAKEN


def test_a_patient_is_in_one_place_at_a_time() -> None:
    assert refusal(first_slot(doctor(1), visits=[comes("a", at(15, 45), clinic="other")])) is Reason.PATIENT_BUSY
    assert refusal(first_slot(doctor(1), visits=[comes("a", at(15, 45))]), override=True) is Reason.PATIENT_BUSY
    # The buffer after a slot is the doctor's; the patient may be with the next one.
    seat_for(first_slot(doctor(1, buffer=15), visits=[comes("a", at(30, 60))]), NOW)


def test_a_clinic_sees_a_patient_so_often_a_day() -> None:
    visits = [comes("a", at(60, 90)), comes("b", at(120, 150))]
    assert refusal(first_slot(doctor(1), visits=visits)) is Reason.DAILY_LIMIT_REACHED
    seat_for(first_slot(doctor(1), visits=[visits[0], comes("b", at(120, 150), clinic="other")]), NOW)
    seat_for(first_slot(doctor(1), visits=[visits[0], comes("new", at(120, 150))]), NOW)


def test_a_hold_counts_until_its_end_and_then_makes_way() -> None:
    held = first_slot(
        doctor(1), [sits("a", at(0, 30), held=NOW)], [comes("b", at(15, 45), held=NOW), comes("c", at(60, 90))]
    )
    assert seat_for(held, NOW) == Seat(1, is_extra=False)
    assert holds_to_expire(held, NOW) == {"a": ("doctor", DAY), "b": ("another doctor", DAY)}
    before = NOW - timedelta(seconds=1)
    with pytest.raises(DomainError) as refused:
        seat_for(held, before)
    assert refused.value.reason is Reason.SLOT_TAKEN
    assert holds_to_expire(held, before) == {}


def test_only_holds_in_the_way_are_expired() -> None:
    place = first_slot(doctor(1), [sits("a", at(30, 60), held=NOW)], [comes("b", at(30, 60), held=NOW)])
    assert holds_to_expire(place, NOW) == {}


BEGINS = st.integers(-60, 180)


@given(
    occupied=st.lists(
        st.tuples(
            BEGINS, st.integers(1, 90), st.integers(1, 4), st.sampled_from(["doctor", "elsewhere"]), st.booleans()
        )
    ),
    buffer=st.sampled_from([0, 15]),
)
def test_a_day_shows_the_seats_left_in_the_fullest_minute_of_each_slot_and_these_can_be_had(
    occupied: list[tuple[int, int, int, str, bool]], buffer: int
) -> None:
    who = doctor(capacity=3, buffer=buffer)
    slots = who.slots_on(DAY)
    busy = [
        sits(f"{number}", at(begin, begin + length), seat, doctor_id=whose, held=NOW if held else None)
        for number, (begin, length, seat, whose, held) in enumerate(occupied)
    ]
    assert seats_left(slots, who.id, busy, NOW) == [left_by_the_minute(slot, busy) for slot in slots]
    assert [left > 0 for left in seats_left(slots, who.id, busy, NOW)] == [
        can_be_had(who, slot, busy) for slot in slots
    ]


def left_by_the_minute(slot: Slot, busy: list[Busy]) -> int:
    """The seats that are left in the fullest minute of a slot."""
    minutes = int((slot.occupied.end_at - slot.start_at) / timedelta(minutes=1))
    return min(left_at(slot, slot.start_at + timedelta(minutes=minute), busy) for minute in range(minutes))


def left_at(slot: Slot, moment: datetime, busy: list[Busy]) -> int:
    there = [each for each in busy if each.held_until is None and each.start_at <= moment < each.end_at]
    elsewhere = any(each.doctor_id != "doctor" for each in there)
    return 0 if elsewhere else max(slot.seats - len(there), 0)


def can_be_had(who: Doctor, slot: Slot, busy: list[Busy]) -> bool:
    try:
        seat_for(first_slot(who, busy)._replace(slot=slot), NOW)
    except DomainError:
        return False
    return True
