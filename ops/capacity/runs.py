"""The model against runs that were measured."""

from collections.abc import Sequence
from typing import NamedTuple

from ops.capacity.figures import CORES, EVERYTHING, WITHOUT_NOTICES
from ops.capacity.queue import Machines, Second


class Row(NamedTuple):
    """A value that was measured, and what the model says."""

    run: str
    value: str
    measured: float
    model: float


def _weighted(slots: float, lists: float, creates: float) -> float:
    """Of all calls, by the shares of the mixed day; cancellations have no row of their own there."""
    return (60 * slots + 25 * lists + 10 * creates) / 95


def _modelled(call: float, rate: float, seconds: int) -> Sequence[Second]:
    """What the bench's one machine does with `rate` calls a second, for so long."""
    machine, passed = Machines(1, call), [Second(0, 0, 0, 0)]
    for _ in range(seconds):
        passed.append(machine.second(rate, passed[-1].waiting))
    return passed[1:]


def _refused(seconds: Sequence[Second]) -> float:
    """Percent."""
    refused = sum(each.refused for each in seconds)
    return 100 * refused / (refused + sum(each.answered for each in seconds) + seconds[-1].waiting)


def _answered(seconds: Sequence[Second]) -> float:
    return sum(each.answered for each in seconds) / len(seconds)


def _slowest(seconds: Sequence[Second]) -> float:
    return 1000 * max(each.p95 for each in seconds)


def rows() -> list[Row]:
    """Performance (A mixed day): 500, 900 and 1,100 calls a second; ADR 8: three times what is answered alone."""
    busy, quiet = _modelled(EVERYTHING, 500, 60), _modelled(WITHOUT_NOTICES, 500, 20)
    full, over = _modelled(WITHOUT_NOTICES, 900, 6), _modelled(WITHOUT_NOTICES, 1100, 60)
    calls, searches = (_modelled(CORES / alone, 3 * alone, 6) for alone in (758, 926))
    return [
        Row("500 calls/s", "p95, ms", _weighted(37.2, 45.3, 50.6), _slowest(busy)),
        Row("500 calls/s, notices left waiting", "p95, ms", _weighted(7.8, 12.2, 18.1), _slowest(quiet)),
        Row("900 calls/s for 6 s", "p95 (measured: of slots), ms", 247, _slowest(full)),
        Row("900 calls/s for 6 s", "refused, %", 0, _refused(full)),
        Row("1,100 calls/s", "refused, %", 20, _refused(over)),
        Row("calls, three times the 758/s answered alone", "answered a second", 837, _answered(calls)),
        Row("calls, three times the 758/s answered alone", "p95, ms", 550, _slowest(calls)),
        Row("searches, three times the 926/s answered alone", "answered a second", 568, _answered(searches)),
        Row("searches, three times the 926/s answered alone", "p95, ms", 720, _slowest(searches)),
    ]
