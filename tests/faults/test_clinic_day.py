"""A short day of tickets and calls, in which a worker and Valkey are killed."""

from tests.faults.clinic_day import KILLED, clinic_day
from tests.faults.town import Town
from tests.fixtures.waiting import PATIENCE_SECONDS
from tests.fixtures.workers import Fleet


async def test_nobody_is_called_twice_lost_or_out_of_turn_while_parts_are_killed(place: Town, fleet: Fleet) -> None:
    day = await clinic_day(fleet, place, patients=40, doctors=4, desks=4, faults=KILLED, pause=0.1)
    print(day.summary())
    assert day.contradictions == []
    for follower in range(3):  # both streams and the screen
        seen = day.seen_after(follower)
        assert len(seen) == 40
        assert seen[-1] < PATIENCE_SECONDS
