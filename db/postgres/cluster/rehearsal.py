"""Work that is done for its result only: afterwards the database is as it was."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from db.errors import Conflict
from db.postgres.cluster.engines import Connection, Engine, connection
from db.postgres.driver.translation import translated

T = TypeVar("T")

_ATTEMPTS = 5


class Rehearsal:
    """A transaction that is rolled back at the end. What it locks stays locked until then."""

    def __init__(self, pg: Connection) -> None:
        self._pg = pg

    async def run(self, work: Callable[[Connection], Awaitable[T]], *, keep: bool = True) -> T:
        """Run `work` as a part of the transaction: later parts see what it wrote, unless it failed.

        Without `keep` they do not, and its locks are released at once. Raises the errors of db.errors, and what `work`
        raises; `work` runs again after a conflict.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            await self._pg.execute("SAVEPOINT part")
            try:
                with translated():
                    result = await work(self._pg)
            except Conflict:
                await self._undo()
                if attempt == _ATTEMPTS:
                    raise
            except BaseException:
                await self._undo()
                raise
            else:
                await (self._pg.execute("RELEASE SAVEPOINT part") if keep else self._undo())
                return result
        raise AssertionError("unreachable")

    async def _undo(self) -> None:
        await self._pg.execute("ROLLBACK TO SAVEPOINT part")


@asynccontextmanager
async def rehearsal(engine: Engine) -> AsyncIterator[Rehearsal]:
    """A transaction on the primary whose parts end with the block (Saturated, Unreachable)."""
    async with connection(engine) as pg:
        with translated():
            await pg.execute("BEGIN")
            # Between two parts the caller may read files for a while.
            await pg.execute("SET LOCAL idle_in_transaction_session_timeout = '10min'")
        try:
            yield Rehearsal(pg)
        finally:
            with translated():
                await pg.execute("ROLLBACK")
