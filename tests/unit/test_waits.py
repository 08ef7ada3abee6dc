"""How long those who wait may expect to wait."""

from datetime import UTC, datetime, timedelta
from random import Random
from statistics import mean

from server.domain.queue.waits import delay, expected_wait

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def minutes(*each: float) -> list[timedelta]:
    return [timedelta(minutes=number) for number in each]


def test_with_too_few_recent_visits_nothing_is_said() -> None:
    assert expected_wait(3, 1, timedelta(), minutes(10, 10, 10, 10)) is None


def test_visits_that_always_take_ten_minutes_give_the_wait_itself() -> None:
    visits, passed = minutes(*[10] * 8), timedelta(minutes=4)
    assert expected_wait(0, 1, timedelta(), visits) == (timedelta(), timedelta())
    assert expected_wait(2, 1, passed, visits) == (timedelta(minutes=26), timedelta(minutes=26))
    assert expected_wait(2, 2, passed, visits) == (timedelta(minutes=13), timedelta(minutes=13))


def test_nobody_counts_on_being_called_before_being_due() -> None:
    found = expected_wait(1, 1, timedelta(), minutes(8, 9, 10, 11, 12), until_due=timedelta(minutes=30))
    assert found == (timedelta(minutes=30), timedelta(minutes=30))


def test_a_visit_that_takes_longer_than_usual_is_about_to_end() -> None:
    found = expected_wait(0, 1, timedelta(minutes=45), minutes(8, 9, 10, 11, 12))
    assert found is not None
    assert found.shortest == timedelta()
    assert found.longest <= timedelta(minutes=3)


def test_a_doctor_s_delay_is_that_of_the_first_who_waits_or_of_the_last_call() -> None:
    due = NOW - timedelta(minutes=12)
    assert delay(NOW, due, None) == timedelta(minutes=12)
    assert delay(NOW, None, (due, due + timedelta(minutes=5))) == timedelta(minutes=5)
    assert delay(NOW, NOW + timedelta(minutes=5), (due, NOW)) == timedelta()
    assert delay(NOW, None, None) == timedelta()


def test_on_simulated_days_the_range_is_right_more_often_than_not_and_its_middle_is_near() -> None:
    """Visits of about 12 minutes, some of them very long, and up to eight people ahead."""
    random, errors, right = Random(7), [], []
    for _ in range(2_000):
        visits = [timedelta(minutes=random.lognormvariate(2.4, 0.4)) for _ in range(30)]
        ahead = random.randrange(9)
        actual = sum((timedelta(minutes=random.lognormvariate(2.4, 0.4)) for _ in range(ahead)), timedelta())
        found = expected_wait(ahead, 1, timedelta(), visits)
        assert found is not None
        middle = (found.shortest + found.longest) / 2
        errors.append(abs(actual - middle).total_seconds() / 60)
        right.append(found.shortest <= actual <= found.longest)
    assert mean(errors) < 10, "minutes"
    assert mean(right) > 0.6
