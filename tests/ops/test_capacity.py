"""The simulated day: what is written of it is what comes out, and its parts do what they say."""

import re
from collections.abc import Sequence

import pytest

from ops.aws.sizes import REQUESTS_PER_TASK
from ops.capacity.__main__ import DOCUMENT, ROOT, files
from ops.capacity.day import CROWD, SURPRISE, TASK_DIES, calls, mean_calls
from ops.capacity.figures import BOOKINGS_PER_CALL, CPU_OF_A_CALL, OUT_MINUTES, TASK, TASK_CALLS, TASK_STARTS
from ops.capacity.policy import REQUIRED, Autoscaler, Minute
from ops.capacity.queue import Machines
from ops.capacity.simulation import Fleet, replay

IDLE = Minute(0, 0)


def test_the_document_and_the_pictures_are_what_the_model_says() -> None:
    made = files()
    assert {path: (ROOT / path).read_text() for path in made} == made, "run `make capacity`"
    shown = re.findall(r"!\[.*\]\((.*)\)", made[DOCUMENT])
    assert {f"docs/{path}" for path in shown} == made.keys() - {DOCUMENT}
    assert [made[DOCUMENT].count(f"-->\n{head}") for head in ("| load | policy", "| load | bookings", "| run |")] == [
        1
    ] * 3


def test_the_model_has_the_costs_that_were_measured() -> None:
    measured = (ROOT / "docs/performance.md").read_text()
    for part, (with_notices, without) in CPU_OF_A_CALL.items():
        assert f"| {part} | {with_notices:,} | {without:,} |" in measured


def test_a_crowd_is_as_many_people_as_it_says() -> None:
    usual = mean_calls(SURPRISE - 1, 1)
    extra = sum(mean_calls(second, 1) - usual for second in range(SURPRISE, SURPRISE + 60))
    assert extra == pytest.approx(CROWD / BOOKINGS_PER_CALL)
    assert list(calls(1)) == list(calls(1))


@pytest.mark.parametrize("load", [0.5, 0.9, 1.5, 3, 100])
def test_no_call_is_lost_or_made_up(load: float) -> None:
    machines, waiting = Machines(2, TASK), 0.0
    for _ in range(10):
        second = machines.second(load * machines.capacity, waiting)
        assert second.answered + second.refused + second.waiting == pytest.approx(load * machines.capacity + waiting)
        assert min(second) >= 0
        waiting = second.waiting
    assert (second.refused > 0) == (load > 1)


def test_refusing_calls_takes_time_from_answering_others_and_the_database_bounds_both() -> None:
    machines = Machines(1, TASK)
    assert machines.second(5 * TASK_CALLS, 0).answered < machines.second(2 * TASK_CALLS, 0).answered < TASK_CALLS
    assert Machines(10, TASK, database=1000).second(5000, 0).answered == 1000


def scaled(minutes: Sequence[Minute], current: int) -> list[int]:
    """What the required policy wants after each of these minutes, at night, if nothing is done."""
    scaler = Autoscaler(REQUIRED)
    return [scaler.desired(60 * number, current, minute) for number, minute in enumerate(minutes)]


def test_tasks_are_added_in_proportion_once_three_minutes_were_above_the_target() -> None:
    busy = Minute(2.5 * REQUESTS_PER_TASK, 1)
    # CloudWatch is a minute late.
    assert scaled([busy] * (OUT_MINUTES + 1), 2) == [2] * OUT_MINUTES + [5]
    assert scaled([busy, IDLE] * 5, 2) == [2] * 10
    assert scaled([Minute(1e6, 100)] * 4, 2)[-1] == REQUIRED.most


def test_tasks_are_removed_after_fifteen_quiet_minutes_and_not_below_the_fewest() -> None:
    assert scaled([IDLE] * 16, 6) == [6] * 15 + [2]
    # One target that wants them is enough for them to stay.
    assert scaled([Minute(95, 1)] * 30, 6) == [6] * 30


def test_a_task_answers_once_it_has_started_and_starting_ones_are_stopped_first() -> None:
    fleet = Fleet(2, 2)
    fleet.scale(4, 0)
    fleet.pass_to(TASK_STARTS - 1)
    assert fleet.running == 2
    fleet.scale(3, TASK_STARTS - 1)
    fleet.pass_to(TASK_STARTS)
    assert fleet.running == 3
    fleet.scale(1, TASK_STARTS)
    assert fleet.running == 1


def test_a_task_that_dies_is_replaced() -> None:
    moments = replay(REQUIRED, 1)
    before, after = moments[TASK_DIES - 1], moments[TASK_DIES]
    assert after.tasks == before.tasks - 1
    assert sum(each.failed for each in moments[TASK_DIES : TASK_DIES + 30]) > 0
    assert max(each.tasks for each in moments[TASK_DIES : TASK_DIES + 130]) >= before.tasks
