"""Replays the day, second by second, against a policy."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ops.aws.sizes import ZONES
from ops.capacity.day import TASK_DIES, ZONE_IS_LOST, calls
from ops.capacity.figures import (
    CORES,
    LOSS_IS_NOTICED,
    PAUSES,
    PRIMARY_CALLS,
    REFUSAL,
    TASK,
    TASK_STARTS,
)
from ops.capacity.policy import Autoscaler, Minute, Policy
from ops.capacity.queue import Machines


class Callers:
    """Those who were refused, and when they try again."""

    def __init__(self) -> None:
        self._due: list[dict[int, float]] = [{} for _ in PAUSES]
        """For each number of refusals so far, callers by the second in which they are back."""

    def arrive(self, second: int, new: float) -> list[float]:
        """Calls of a second: those that are new, and those that were refused once, twice and so on."""
        return [new, *(due.pop(second, 0) for due in self._due)]

    def refuse(self, second: int, arrived: Sequence[float], share: float) -> float:
        """Send away this share of those who arrived; the answer is how many give up."""
        for count, pause, due in zip(arrived, PAUSES, self._due, strict=False):
            for back in range(second + pause, second + 2 * pause) if count * share else ():
                due[back] = due.get(back, 0) + count * share / pause
        return arrived[-1] * share


class Moment(NamedTuple):
    """A second of the replay."""

    tasks: int
    """That answer calls."""
    desired: int
    answered: float
    refused: float
    """By the edge: OVERLOADED, with a time to come back."""
    failed: float
    """Sent to tasks that were gone, before the load balancer knew."""
    given_up: float
    """Callers who were refused or failed for the last time."""
    p95: float


@dataclass
class Fleet:
    """The tasks: those that run, those that are starting, those that are gone and still get calls."""

    running: int
    desired: int
    _starting: list[int] = field(default_factory=list)
    _gone: int = 0
    _gone_until: int = 0

    def pass_to(self, second: int) -> None:
        """Let those run that have started by now."""
        self.running += sum(ready <= second for ready in self._starting)
        self._starting = [ready for ready in self._starting if ready > second]

    def scale(self, desired: int, second: int) -> None:
        """Start or stop tasks until there are as many as desired; those that are still starting stop first."""
        self.desired = desired
        missing = desired - self.running - len(self._starting)
        self._starting += [second + TASK_STARTS] * missing
        if missing < 0:
            stopped = min(-missing, len(self._starting))
            self._starting = self._starting[stopped:]
            self.running -= -missing - stopped

    def lose(self, count: int, second: int) -> None:
        """Some are gone at once; their successors are started as soon as that is noticed."""
        self.running -= count
        self._gone, self._gone_until = count, second + LOSS_IS_NOTICED
        self._starting += [second + LOSS_IS_NOTICED + TASK_STARTS] * count

    def lost_share(self, second: int) -> float:
        """Of calls that go to tasks that are gone."""
        return self._gone / (self._gone + self.running) if second < self._gone_until else 0


def replay(policy: Policy, scale: int) -> list[Moment]:
    """Every second of the day at `scale` times the required load."""
    first = policy.fewest(0)
    fleet, scaler, callers = Fleet(first, first), Autoscaler(policy), Callers()
    waiting = 0.0
    moments: list[Moment] = []
    for second, new in enumerate(calls(scale)):
        fleet.pass_to(second)
        if second == TASK_DIES:
            fleet.lose(1, second)
        elif second == ZONE_IS_LOST:
            fleet.lose(math.ceil(fleet.running / len(ZONES)), second)
        arrived = callers.arrive(second, new)
        offered = sum(arrived)
        failed = offered * fleet.lost_share(second)
        machines = Machines(fleet.running, TASK, PRIMARY_CALLS)
        answered, refused, waiting, p95 = machines.second(offered - failed, waiting)
        given_up = callers.refuse(second, arrived, min(1, (refused + failed) / offered)) if offered else 0
        moments.append(Moment(fleet.running, fleet.desired, answered, refused, failed, given_up, p95))
        if second % 60 == 59:  # noqa: PLR2004  # a minute is over
            fleet.scale(scaler.desired(second, fleet.desired, _minute(moments[-60:])), second)
    return moments


def _minute(moments: list[Moment]) -> Minute:
    tasks = sum(each.tasks for each in moments) / 60
    cpu = sum(each.answered * TASK + each.refused * REFUSAL for each in moments) / 60
    requests = sum(each.answered + each.refused for each in moments)
    return Minute(requests / tasks, 100 * cpu / (tasks * CORES))
