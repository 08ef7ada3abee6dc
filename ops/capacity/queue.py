"""How many calls are answered, refused and left waiting in a second, and how long they take."""

import math
from dataclasses import dataclass
from typing import NamedTuple

from ops.capacity.figures import CORES, FEWEST_IN_FLIGHT, IN_TIME, MOST_IN_FLIGHT, REFUSAL, WORKERS_PER_TASK

P95_OF_EXPONENTIAL = math.log(20)
"""Of a queue with random arrivals the slowest twentieth takes this times the mean."""


class Second(NamedTuple):
    """What came of the calls of a second."""

    answered: float
    refused: float
    waiting: float
    """Calls that the next second begins with."""
    p95: float
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Machines:
    """Equal machines of `CORES` cores, each with Envoy and workers, among which calls are spread evenly."""

    count: int
    call: float
    """CPU seconds of a call on its machine."""
    database: float = math.inf
    """Calls a second that the database can answer."""

    @property
    def capacity(self) -> float:
        """Calls a second, if none has to be refused."""
        return min(self.count * CORES / self.call, self.database)

    @property
    def in_flight(self) -> float:
        """Calls that admission lets in at once under overload."""
        workers = self.count * WORKERS_PER_TASK
        return max(FEWEST_IN_FLIGHT * workers, min(MOST_IN_FLIGHT * workers, self.capacity * IN_TIME))

    def second(self, offered: float, waiting: float) -> Second:
        """Answer `offered` calls, after those that are waiting."""
        if not self.count:
            return Second(0, offered + waiting, 0, 0)
        due = offered + waiting
        answered = min(due, self._answered(due))
        left = min(due - answered, self.in_flight)
        return Second(answered, due - answered - left, left, self._p95(due))

    def _answered(self, due: float) -> float:
        cpu = self.count * CORES
        if due * self.call <= cpu:
            return min(due, self.database)
        # Refusals take CPU from answers: answered x call + (due - answered) x REFUSAL = cpu.
        return min(max(0, (cpu - due * REFUSAL) / (self.call - REFUSAL)), self.database)

    def _p95(self, due: float) -> float:
        longest = self.in_flight / self.capacity
        busy = due / self.capacity
        return longest if busy >= 1 else min(longest, P95_OF_EXPONENTIAL * self.call / CORES / (1 - busy))
