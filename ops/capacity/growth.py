"""What multiples of the required load need."""

import math
from dataclasses import dataclass

from ops.aws.sizes import BUSY_CPU_PERCENT, ZONES
from ops.capacity.day import BOOKINGS_PER_MINUTE, CROWD
from ops.capacity.figures import (
    BOOKINGS_PER_CALL,
    PRIMARY,
    PRIMARY_CALLS,
    PRIMARY_CORES,
    STANDBY,
    TASK_CALLS,
    USEFUL_TASKS,
)

NATION = 350
"""Japan has about seven million outpatient visits a day (the health ministry's Patient Survey, from memory): 350 times
the 20,000 of ops/capacity/day.py."""
LOADS = {"required": 1, "10 x": 10, "100 x": 100, "a nation": NATION}

DAYS_KEPT = 3 * 300
"""Appointments are kept for three years; a year has about 300 days with appointments."""
APPOINTMENTS_OF_CELL = 200_000_000
"""Twenty times the largest book that was measured (performance, Growth); beyond that this model claims nothing."""
SESSIONS = 500
"""The most that docs/slo.md requires, each with an open stream."""
STREAMS_PER_TASK = 5_000
STREAM = 34e3
"""Performance (Fan-out): streams of two workers with p99 of 92 to 107 ms, and bytes of one of them."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a load needs at its busiest, without crowds unless it says so."""

    scale: int

    @property
    def calls(self) -> float:
        """A second."""
        return self.scale * max(BOOKINGS_PER_MINUTE) / 60 / BOOKINGS_PER_CALL

    @property
    def primary_cores(self) -> float:
        """Of all primaries together."""
        return self.calls * PRIMARY

    @property
    def standby_cores(self) -> float:
        """Of all replicas together that answer reads."""
        return self.calls * STANDBY

    @property
    def appointments(self) -> float:
        """That are kept."""
        return self.scale * sum(BOOKINGS_PER_MINUTE) * 60 * DAYS_KEPT

    @property
    def cells(self) -> int:
        """Whichever asks for more: the size of a book, or the CPU of a primary."""
        return max(
            math.ceil(self.appointments / APPOINTMENTS_OF_CELL),
            math.ceil(self.primary_cores / (PRIMARY_CORES * BUSY_CPU_PERCENT / 100)),
        )

    @property
    def tasks(self) -> int:
        """As busy as the policy wants them; each cell has one in every zone."""
        busy = math.ceil(self.calls / TASK_CALLS * 100 / BUSY_CPU_PERCENT)
        return max(busy, len(ZONES) * self.cells)

    @property
    def stream_tasks(self) -> int:
        """That hold nothing but streams."""
        return math.ceil(self.scale * SESSIONS / STREAMS_PER_TASK)

    @property
    def stream_bytes(self) -> float:
        """Of all streams."""
        return self.scale * SESSIONS * STREAM

    @property
    def tasks_for_crowd(self) -> int:
        """All that the primaries can feed."""
        return self.cells * USEFUL_TASKS

    @property
    def crowd_seconds(self) -> float:
        """Until everybody in a crowd is answered who comes evenly to all cells, if nobody gives up."""
        return self.scale * CROWD / BOOKINGS_PER_CALL / (self.cells * PRIMARY_CALLS)
