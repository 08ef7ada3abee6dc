"""The short drills meet their goals, and the page of all drills lists what there is."""

import pytest

from ops.drills.frame import Drill, Findings, drills
from ops.drills.page import PAGE, PLAN, measured, updated

SHORT = ("release", "token-store")
"""Those that take some seconds; `make drills` runs the others too."""


@pytest.mark.parametrize("name", SHORT)
async def test_a_short_drill_meets_its_goals(name: str) -> None:
    drill = drills()[name]
    found = await drill.run()
    assert drill.failures(found) == []


def test_every_drill_has_a_row_of_figures() -> None:
    page = PAGE.read_text()
    assert [name for name in drills() if f"| `{name}` |" not in page] == []
    found = dict.fromkeys(drills(), Findings(rpo_seconds=0.5, rto_seconds=7, acknowledged=9))
    assert measured(PLAN.read_text(), found).count("| 0.5 / 7.0 |") == len(found)


async def nothing() -> Findings:
    return Findings(rpo_seconds=0, rto_seconds=0, acknowledged=0)


def test_a_new_row_replaces_the_old_one_and_leaves_the_others() -> None:
    known = {name: Drill(name=name, loss="all", run=nothing) for name in ("a", "b")}
    first = updated(PAGE.read_text(), known, {"a": "| `a` | 1 |", "b": "| `b` | 1 |"})
    second = updated(first, known, {"a": "| `a` | 2 |"})
    assert second == first.replace("| `a` | 1 |", "| `a` | 2 |")
    assert "| `token-store`" not in second


@pytest.mark.parametrize(
    ("findings", "failures"),
    [
        (Findings(rpo_seconds=0, rto_seconds=1, acknowledged=9), 0),
        (Findings(rpo_seconds=0, rto_seconds=121, acknowledged=9), 1),
        (Findings(rpo_seconds=1, rto_seconds=1, acknowledged=9, missing=1), 2),
        (Findings(rpo_seconds=0, rto_seconds=1, acknowledged=9, flaws=["double"]), 1),
    ],
)
def test_a_drill_fails_that_misses_a_goal(findings: Findings, failures: int) -> None:
    assert len(Drill(name="a", loss="all", run=nothing).failures(findings)) == failures
