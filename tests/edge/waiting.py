"""Waiting for what must come."""

import time
from collections.abc import Callable

PATIENCE_SECONDS = 30


def eventually(condition: Callable[[], bool]) -> None:
    """Return when it holds; fails if it does not for too long."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.03)
