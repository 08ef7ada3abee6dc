"""Turns the driver's errors into those of db.errors."""

from types import TracebackType

import psycopg

from db.errors import Conflict, ConstraintViolated, OtherSchema, StateError, TimedOut, Unreachable


class _Translated:
    """Stateless, and entered for every read and write: a generator would cost a microsecond each time."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, psycopg.Error) and (translation := _translation(error)):
            raise translation from error


_TRANSLATED = _Translated()


def translated() -> _Translated:
    """Turn psycopg's errors into those of db.errors."""
    return _TRANSLATED


def _translation(error: psycopg.Error) -> StateError | OtherSchema | None:
    match error:
        case psycopg.errors.IntegrityError():
            return ConstraintViolated(error.diag.constraint_name or "unnamed")
        case (
            psycopg.errors.SerializationFailure()
            | psycopg.errors.DeadlockDetected()
            | psycopg.errors.LockNotAvailable()
        ):
            return Conflict(type(error).__name__)
        case psycopg.errors.QueryCanceled():
            return TimedOut(type(error).__name__)
        # A demoted primary refuses writes: for a write it is as good as unreachable.
        case psycopg.InterfaceError() | psycopg.OperationalError() | psycopg.errors.ReadOnlySqlTransaction():
            return Unreachable(type(error).__name__)
        case psycopg.errors.UndefinedTable() | psycopg.errors.UndefinedColumn():
            return OtherSchema(error.diag.message_primary or type(error).__name__)
    return None
