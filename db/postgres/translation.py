"""Turns the driver's errors into those of db.errors."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from db.errors import Conflict, ConstraintViolated, StateError, TimedOut, Unavailable


@contextmanager
def translated() -> Iterator[None]:
    """Turn psycopg's errors into those of db.errors."""
    try:
        yield
    except StateError:
        raise
    except psycopg.errors.IntegrityError as error:
        raise ConstraintViolated(error.diag.constraint_name or "unnamed") from error
    except (
        psycopg.errors.SerializationFailure,
        psycopg.errors.DeadlockDetected,
        psycopg.errors.LockNotAvailable,
    ) as error:
        raise Conflict(type(error).__name__) from error
    except psycopg.errors.QueryCanceled as error:
        raise TimedOut(type(error).__name__) from error
    # A primary that was demoted refuses writes: for them it is gone.
    except (psycopg.InterfaceError, psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction) as error:
        raise Unavailable(type(error).__name__) from error
