"""The database's clock, followed by each process, so that processes compare times of one clock."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import NoReturn

import structlog

from db.errors import StateError, Unreachable
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.routing import Freshness
from db.postgres.cluster.transaction import read

LOOK_SECONDS = 10.0
MOST_APART = timedelta(seconds=1)
"""A process logs a warning if its own clock differs more than this from the database's."""
_SLOW_SECONDS = 0.2
_at = datetime.fromtimestamp

_log = structlog.get_logger()


class DatabaseClock:
    """Gives the database's time, within some milliseconds; before the first answer, this machine's time.

    Between two queries the monotonic clock advances it, so a step of this machine's wall clock changes nothing.
    """

    def __init__(self, engine: Engine, wall: Callable[[], datetime]) -> None:
        self._engine = engine
        self._wall = wall
        self._is_known = False
        self._ahead = wall().timestamp() - time.monotonic()
        """How many seconds since 1970 the database's clock is ahead of the monotonic one."""
        self._is_apart = False

    def __call__(self) -> datetime:
        """The current time in UTC."""
        return _at(self._ahead + time.monotonic(), UTC)

    async def look(self) -> None:
        """Ask the database (the errors of db.errors)."""
        began = time.monotonic()
        answered = await read(self._engine, _now, Freshness.PRIMARY_FIRST)
        ended = time.monotonic()
        if self._is_known and ended - began > _SLOW_SECONDS:
            return  # the answer took too long to be precise; the next one will be better
        self._is_known, self._ahead = True, answered - (began + ended) / 2
        self._compare()

    def _compare(self) -> None:
        skew = self._wall() - self()
        self._engine.clock_skew = skew
        is_apart = abs(skew) > MOST_APART
        if is_apart != self._is_apart:
            self._is_apart = is_apart
            event = "clock is not the database's" if is_apart else "clock is the database's again"
            _log.warning(event, seconds_ahead=round(skew.total_seconds(), 1))

    async def keep_looking(self) -> NoReturn:
        """Ask every ten seconds until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except StateError as error:
                _log.info("the database was not asked for the time", failure=type(error).__name__)


@asynccontextmanager
async def database_clock(engine: Engine, wall: Callable[[], datetime]) -> AsyncIterator[DatabaseClock]:
    """The database's clock, kept up to date in the background; `wall` is this machine's clock."""
    clock = DatabaseClock(engine, wall)
    try:
        await clock.look()
    except StateError as error:
        _log.warning("the database was not asked for the time", failure=type(error).__name__)
    looking = asyncio.create_task(clock.keep_looking())
    try:
        yield clock
    finally:
        looking.cancel()
        await asyncio.wait([looking])


async def _now(pg: Connection) -> float:
    """Seconds since 1970."""
    row = await (await pg.execute("SELECT extract(epoch FROM clock_timestamp())::float8")).fetchone()
    if row is None:
        raise Unreachable("no server gives the database's time")
    return float(row[0])
