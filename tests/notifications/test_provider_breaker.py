"""The circuit breaker at the numbers it is meant to keep; its clock is passed in."""

from dataclasses import dataclass

import pytest

from server.notifications.provider_breaker import ProviderBreaker


@dataclass
class Seconds:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def breaker(seconds: Seconds) -> ProviderBreaker:
    return ProviderBreaker(seconds)


def call(breaker: ProviderBreaker, *, succeeded: bool) -> None:
    assert breaker.wait() == 0
    with breaker.enter() as entered:
        entered.ended(succeeded=succeeded)


def open_it(breaker: ProviderBreaker) -> None:
    for _ in range(10):
        call(breaker, succeeded=False)


def test_nine_failures_in_a_row_leave_it_closed_and_the_tenth_opens_it(breaker: ProviderBreaker) -> None:
    for _ in range(9):
        call(breaker, succeeded=False)
    assert breaker.wait() == 0
    call(breaker, succeeded=False)
    assert breaker.wait() == 30


@pytest.mark.parametrize(("failures", "wait"), [(4, 0), (5, 30)])
def test_half_of_the_last_ten_calls_must_fail(breaker: ProviderBreaker, failures: int, wait: float) -> None:
    for number in range(20):
        call(breaker, succeeded=number < 10 or number < 20 - failures)
    assert breaker.wait() == wait


def test_it_stays_open_for_thirty_seconds(breaker: ProviderBreaker, seconds: Seconds) -> None:
    open_it(breaker)
    seconds.now = 29.5
    assert breaker.wait() == 0.5
    seconds.now = 30
    assert breaker.wait() == 0


def test_half_open_it_lets_three_probes_through_and_no_fourth(breaker: ProviderBreaker, seconds: Seconds) -> None:
    open_it(breaker)
    seconds.now = 30
    probes = [breaker.enter() for _ in range(3) if breaker.wait() == 0]
    assert [probe.probe for probe in probes] == [True, True, True]
    assert breaker.wait() > 0


def test_three_probes_that_succeed_close_it(breaker: ProviderBreaker, seconds: Seconds) -> None:
    open_it(breaker)
    seconds.now = 30
    for _ in range(3):
        call(breaker, succeeded=True)
    assert [breaker.enter().probe for _ in range(10) if breaker.wait() == 0] == [False] * 10


def test_one_probe_that_fails_opens_it_for_another_thirty_seconds(breaker: ProviderBreaker, seconds: Seconds) -> None:
    open_it(breaker)
    seconds.now = 31
    call(breaker, succeeded=True)
    call(breaker, succeeded=False)
    assert breaker.wait() == 30


def test_a_probe_that_was_never_sent_makes_room_for_another(breaker: ProviderBreaker, seconds: Seconds) -> None:
    open_it(breaker)
    seconds.now = 30
    for _ in range(5):
        with breaker.enter():
            pass
    assert breaker.wait() == 0


def test_what_began_before_it_opened_says_nothing_of_the_probes(breaker: ProviderBreaker, seconds: Seconds) -> None:
    slow = breaker.enter()
    open_it(breaker)
    seconds.now = 30
    slow.ended(succeeded=False)
    assert breaker.wait() == 0
    for _ in range(3):
        call(breaker, succeeded=True)
    assert not breaker.enter().probe


def test_closed_again_it_counts_from_the_start(breaker: ProviderBreaker, seconds: Seconds) -> None:
    open_it(breaker)
    seconds.now = 30
    for _ in range(3):
        call(breaker, succeeded=True)
    for _ in range(9):
        call(breaker, succeeded=False)
    assert breaker.wait() == 0
