"""The calls and the troubles of a weekday."""

import random
from collections.abc import Iterator

from ops.capacity.figures import BOOKINGS_PER_CALL

SEED = 1
MINUTE, HOUR = 60, 3600
SECONDS = 24 * HOUR
# docs/slo.md requires 50 in the busiest minutes, at lunch. The other hours are assumed: a day has 20,000 bookings, and
# lunch 15 % of them. The required 200 a day would be over after four minutes of its own peak.
BOOKINGS_PER_MINUTE = (2,) * 7 + (10,) * 2 + (35,) * 3 + (50,) + (20,) * 5 + (10,) * 4 + (2,) * 2

CROWD = 10_000
"""People within a minute; each makes as many calls as a booking of the mixed day has."""
HALF_OF_CROWD = 10
"""Seconds in which half of those come who are still to come: most people are there when slots open."""
OPENING = 12 * HOUR + HOUR // 2
"""A crowd that was announced: slots open at 12:30, at the same time as the lunch peak."""
SURPRISE = 20 * HOUR + HOUR // 2
"""One that was not."""
TASK_DIES = 15 * HOUR
ZONE_IS_LOST = 18 * HOUR + HOUR // 2


def mean_calls(second: int, scale: int) -> float:
    """Calls expected in a second of the day, at `scale` times the required load."""
    bookings: float = BOOKINGS_PER_MINUTE[second // HOUR] / MINUTE
    for began in (OPENING, SURPRISE):
        if 0 <= second - began < MINUTE:
            # A half of those left every HALF_OF_CROWD seconds, and all within the minute.
            left = [2 ** (-passed / HALF_OF_CROWD) for passed in (second - began, second - began + 1, MINUTE)]
            bookings += CROWD * (left[0] - left[1]) / (1 - left[2])
    return scale * bookings / BOOKINGS_PER_CALL


def calls(scale: int) -> Iterator[int]:
    """Calls of each second of the day, scattered around what is expected as independent callers are."""
    chance = random.Random(SEED)  # noqa: S311  # nothing secret
    for second in range(SECONDS):
        mean = mean_calls(second, scale)
        yield max(0, round(chance.gauss(mean, mean**0.5)))
