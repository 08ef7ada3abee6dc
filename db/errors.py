"""What can go wrong in the places that keep state; drivers' own errors never leave db."""


class StateError(Exception):
    """Base of the errors of db."""


class ConstraintViolated(StateError):
    """A named constraint refused a row."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


class Conflict(StateError):
    """The transaction met others (40001, 40P01, 55P03) and was rolled back; it can be tried again."""


class Saturated(StateError):
    """No connection of the pool came free in time; nothing was done."""


class TimedOut(StateError):
    """A statement ran into the server's time limit; the transaction was rolled back."""


class Unavailable(StateError):
    """The server cannot be reached, or the connection broke: before COMMIT nothing was done, at COMMIT nobody knows."""
