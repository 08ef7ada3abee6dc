"""How long a call may take, and cancelling it if it takes longer."""

from db.timeouts import Timeouts
from server.domain.errors import DomainError, Reason

DEFAULT_SECONDS = 5.0
_SHORTEST_SECONDS = 0.005
_FAREWELL_SECONDS = 0.1


def budget(remaining: float | None) -> float:
    """Seconds for the work of a call; `remaining` is left of its deadline, None without one (DEADLINE_TOO_SHORT)."""
    if remaining is None:
        return DEFAULT_SECONDS
    if remaining < _SHORTEST_SECONDS:
        raise DomainError(Reason.DEADLINE_TOO_SHORT, "the deadline is too short and nothing was done: allow more time")
    # A little less than the caller waits, to cancel a running statement in the database and answer before the caller
    # hangs up: a caller that waits 1 s gives 0.9 s for the work, one that waits 0.1 s gives 0.08 s.
    return remaining - min(_FAREWELL_SECONDS, remaining / 5)


class Deadlines(Timeouts):
    """Cancels calls that take too long, with DEADLINE_PASSED."""

    def __init__(self) -> None:
        super().__init__(_passed)


def _passed() -> DomainError:
    return DomainError(
        Reason.DEADLINE_PASSED,
        "the call took longer than its deadline: send it again; for a write, use the same request_id",
    )
