"""Runs work in a transaction, and turns the driver's errors into those of db.errors."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import psycopg

from db.errors import Conflict, ConstraintViolated, StateError, TimedOut, Unavailable
from db.postgres.engines import Connection, Engine, connection

T = TypeVar("T")

_ATTEMPTS = 5
_FIRST_PAUSE_SECONDS = 0.01


async def transact(engine: Engine, work: Callable[[Connection], Awaitable[T]], *, replayable: bool = False) -> T:
    """Run `work` in one READ COMMITTED transaction and commit it, or roll all of it back.

    Serialization failures and deadlocks are tried again with a growing, jittered pause. A lost connection is tried
    again once: always before COMMIT, and at COMMIT, where nobody knows the outcome, only if `replayable` says that
    `work` recognizes its own first run. Raises the errors of db.errors, and whatever `work` raises.
    """
    reconnected = False
    for attempt in range(1, _ATTEMPTS + 1):
        progress = _Progress()
        try:
            return await _once(engine, work, progress)
        except Conflict:
            if attempt == _ATTEMPTS:
                raise
        except Unavailable:
            if reconnected or (progress.committing and not replayable):
                raise
            reconnected = True
        await asyncio.sleep(_FIRST_PAUSE_SECONDS * 2**attempt * random.uniform(0.5, 1.5))  # noqa: S311
    raise AssertionError("unreachable")


async def read(engine: Engine, work: Callable[[Connection], Awaitable[T]]) -> T:
    """Run `work`, which changes nothing, outside a transaction; once more if the connection is lost."""
    try:
        return await _read_once(engine, work)
    except Unavailable:
        return await _read_once(engine, work)


@dataclass(slots=True)
class _Progress:
    committing: bool = False


async def _once(engine: Engine, work: Callable[[Connection], Awaitable[T]], progress: _Progress) -> T:
    async with connection(engine) as pg:
        with translated():
            async with pg.pipeline():
                # Not waited for: it travels with the first statement of `work`.
                await pg.execute("BEGIN")
                result = await work(pg)
                progress.committing = True
                await pg.execute("COMMIT")
            return result


async def _read_once(engine: Engine, work: Callable[[Connection], Awaitable[T]]) -> T:
    async with connection(engine) as pg:
        with translated():
            return await work(pg)


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
