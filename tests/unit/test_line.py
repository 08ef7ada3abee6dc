"""The order in which those who wait for a doctor are called."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from server.domain.queue.line import DEFAULT_RULES, Waiting, due_at, is_late, joined, moved

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def at(minute: int) -> datetime:
    return NINE + timedelta(minutes=minute)


def ids(line: list[Waiting]) -> str:
    return "".join(each.ticket_id for each in line)


def line(*due: int) -> list[Waiting]:
    return [Waiting("abcdefgh"[number], at(minute)) for number, minute in enumerate(due)]


def test_one_is_due_at_the_start_or_at_arrival_if_that_is_later_and_a_walk_in_some_time_after_it() -> None:
    assert due_at(at(30), at(0), DEFAULT_RULES) == at(30)
    assert due_at(at(0), at(5), DEFAULT_RULES) == at(5)
    assert due_at(None, at(0), DEFAULT_RULES) == at(15)


def test_late_is_who_comes_more_than_ten_minutes_after_the_start() -> None:
    assert not is_late(at(0), at(10), DEFAULT_RULES)
    assert is_late(at(0), at(11), DEFAULT_RULES)
    assert not is_late(None, at(11), DEFAULT_RULES)


def test_who_is_due_earlier_is_called_earlier_and_of_two_the_first_to_come() -> None:
    assert ids(joined(line(0, 10, 20), Waiting("x", at(10)))) == "abxc"
    assert ids(joined(line(), Waiting("x", at(10)))) == "x"


def test_who_is_late_goes_behind_so_many_others_or_all_if_there_are_fewer() -> None:
    late = Waiting("x", at(11))
    assert ids(joined(line(20, 30, 40, 50), late, behind=3)) == "abcxd"
    assert ids(joined(line(20), late, behind=3)) == "ax"
    assert ids(joined(line(1, 2, 3, 4, 50), late, behind=3)) == "abcdxe"


def test_whoever_staff_have_moved_stays_in_front_of_those_who_come_later() -> None:
    preferred = moved(line(0, 10, 20), "c", 0)
    assert ids(preferred) == "cab"
    assert ids(joined(preferred, Waiting("x", at(5)))) == "caxb"
    assert ids(moved(line(0, 10, 20), "a", 9)) == "bca"


steps = st.lists(st.tuples(st.booleans(), st.integers(0, 120), st.integers(0, 5)), max_size=30)


@given(steps)
def test_whatever_happens_a_line_is_sorted_and_nobody_is_lost_or_there_twice(
    steps: list[tuple[bool, int, int]],
) -> None:
    found: list[Waiting] = []
    for number, (joins, minute, position) in enumerate(steps):
        if joins or not found:
            found = joined(found, Waiting(str(number), at(minute)), behind=position)
        else:
            mover = found[minute % len(found)].ticket_id
            before = [each.ticket_id for each in found if each.ticket_id != mover]
            found = moved(found, mover, position)
            assert [each.ticket_id for each in found if each.ticket_id != mover] == before
            assert found[min(position, len(before))].ticket_id == mover
    assert [each.due_at for each in found] == sorted(each.due_at for each in found)
    assert len({each.ticket_id for each in found}) == len(found)
