"""Errors of PostgreSQL and Valkey, as the rest of the server sees them; the drivers' own errors never leave db."""


class StateError(Exception):
    """Base of the errors of db."""


class ConstraintViolated(StateError):
    """A named constraint refused a row."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


class Conflict(StateError):
    """The transaction conflicted with another one (40001, 40P01, 55P03) and was rolled back; it can be tried again."""


class Saturated(StateError):
    """No connection of the pool came free in time; nothing was done."""


class TimedOut(StateError):
    """A statement exceeded the server's time limit; the transaction was rolled back."""


class Unreachable(StateError):
    """The server cannot be reached, or the connection broke.

    Before COMMIT nothing was done; at COMMIT the outcome is unknown.
    """


class NotPermitted(StateError):
    """The role may not do this; the text is the server's."""


class OtherSchema(Exception):
    """A table or column is missing: the schema is not that of this release; the text is the server's.

    Trying again does not help, so it is none of the errors that others wait out.
    """
