"""When a release that is being tried is taken back."""

import pytest

from server.local.servers.envoy import Outcomes
from server.local.servers.shifting import is_worse


@pytest.mark.parametrize(
    ("old", "new", "worse"),
    [
        ((900, 0), (100, 0), False),
        ((900, 0), (100, 2), False),  # too few to tell
        ((900, 0), (100, 3), True),
        ((900, 0), (1000, 9), False),
        ((500, 250), (500, 255), False),  # something else fails, for both
        ((500, 50), (500, 60), True),
        ((0, 0), (10, 3), True),  # the old ones get no calls any more
    ],
)
def test_new_workers_are_taken_back_if_they_fail_clearly_more_than_the_old_ones(
    old: tuple[int, int], new: tuple[int, int], *, worse: bool
) -> None:
    assert is_worse(Outcomes(*old), Outcomes(*new)) is worse
