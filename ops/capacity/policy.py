"""Policies of autoscaling, and target tracking as AWS does it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from ops.aws.sizes import (
    BUSY_CPU_PERCENT,
    FEWEST_BY_CLOCK,
    IN_AFTER,
    MOST_TASKS,
    OUT_AFTER_CPU,
    OUT_AFTER_REQUESTS,
    REQUESTS_PER_TASK,
    ZONES,
)
from ops.capacity.day import HOUR, OPENING
from ops.capacity.figures import IN_BELOW, IN_MINUTES, METRICS_LATE, OUT_MINUTES, USEFUL_TASKS


class Minute(NamedTuple):
    """What CloudWatch has of a minute, for each running task."""

    requests: float
    cpu: float
    """Percent."""


@dataclass(frozen=True, slots=True)
class Target:
    """A metric that is to be kept near a value; cooldowns in seconds."""

    metric: Literal["requests", "cpu"]
    value: float
    out_after: int
    in_after: int = IN_AFTER


@dataclass(frozen=True, slots=True)
class Policy:
    """Targets and bounds."""

    name: str
    targets: Sequence[Target]
    most: int
    fewest: Callable[[int], int]
    """At a second of the day."""


def _by_clock(second: int) -> int:
    """As docs/slo.md requires for a weekday; until the first hour of the list, what holds since the evening before."""
    weekdays = sorted((hour, fewest) for days, hour, fewest in FEWEST_BY_CLOCK.values() if days == "MON-FRI")
    return next((fewest for hour, fewest in reversed(weekdays) if hour * HOUR <= second), weekdays[-1][1])


def _by_zone(second: int) -> int:
    """A task in each zone; before an opening that was announced, as many as the primary can feed."""
    return USEFUL_TASKS if OPENING - HOUR // 2 <= second < OPENING + HOUR // 2 else len(ZONES)


REQUIRED = Policy(
    "required",
    (Target("requests", REQUESTS_PER_TASK, OUT_AFTER_REQUESTS), Target("cpu", BUSY_CPU_PERCENT, OUT_AFTER_CPU)),
    MOST_TASKS,
    _by_clock,
)
_CPU = (Target("cpu", BUSY_CPU_PERCENT, OUT_AFTER_REQUESTS),)
PROPOSAL = Policy("proposal", _CPU, USEFUL_TASKS, _by_zone)
ALWAYS_READY = Policy("always ready", _CPU, USEFUL_TASKS, lambda _: USEFUL_TASKS)
POLICIES = (REQUIRED, PROPOSAL, ALWAYS_READY)


@dataclass
class Autoscaler:
    """Decides once a minute how many tasks there should be."""

    policy: Policy
    _minutes: list[Minute] = field(default_factory=list)
    _out_at: dict[Target, int] = field(default_factory=dict)
    _in_at: int = -HOUR

    def desired(self, second: int, current: int, minute: Minute) -> int:
        """How many from now on, after a minute that has just ended."""
        self._minutes.append(minute)
        known = self._minutes[: len(self._minutes) - METRICS_LATE]
        wanted = max(self._out(second, current, known), self._in(second, current, known))
        return min(max(wanted, self.policy.fewest(second)), self.policy.most)

    def _out(self, second: int, current: int, known: Sequence[Minute]) -> int:
        """The most that a target asks for whose alarm is on, or 0."""
        wanted = 0
        for target in self.policy.targets:
            seen = [getattr(minute, target.metric) for minute in known[-OUT_MINUTES:]]
            cool = second - self._out_at.get(target, -HOUR) >= target.out_after
            if len(seen) == OUT_MINUTES and min(seen) > target.value and cool:
                self._out_at[target] = second
                wanted = max(wanted, math.ceil(current * seen[-1] / target.value))
        return wanted

    def _in(self, second: int, current: int, known: Sequence[Minute]) -> int:
        """What remains if all targets agree that there are too many, else what there is."""
        remaining = 0
        for target in self.policy.targets:
            seen = [getattr(minute, target.metric) for minute in known[-IN_MINUTES:]]
            cool = second - max([self._in_at, *self._out_at.values()]) >= target.in_after
            if len(seen) < IN_MINUTES or max(seen) >= IN_BELOW * target.value or not cool:
                return current
            remaining = max(remaining, math.ceil(current * seen[-1] / target.value))
        if remaining < current:
            self._in_at = second
        return remaining
