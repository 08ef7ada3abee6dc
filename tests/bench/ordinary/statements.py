"""What one statement and one loan of a connection cost, ours and the library's, in this process."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from statistics import median
from typing import Any

import uvloop

from db.postgres.driver.connections import open_connection
from db.postgres.driver.pool import Pool
from tests.bench.ordinary import database

_SIZE = 4
_STATEMENTS = 8
_TRIPS, _LOANS = 1_000, 4_000
POOLS: dict[str, Callable[..., Any]] = {
    "ours": Pool,
    "psycopg_pool": database.PsycopgPool,
    "psycopg_pool with its check": database.CheckingPsycopgPool,
}
_QUERY = "SELECT %(a)s::int, %(b)s::text"
_VALUES = {"a": 7, "b": "seven"}

Work = Callable[[], Awaitable[None]]


def measure(url: str, rounds: int) -> dict[str, float]:
    """Microseconds of CPU of this process, medians over rounds in which all take turns, by what was done."""
    return uvloop.run(_measure(url, rounds))


async def _measure(url: str, rounds: int) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    async with AsyncExitStack() as stack:
        ours = await stack.enter_async_context(open_connection(url, "bench"))
        theirs = await stack.enter_async_context(database.psycopg_connection(url))
        works: dict[str, tuple[Work, int]] = {
            "a statement of eight in a trip: ours": (partial(_trips, ours), _TRIPS * _STATEMENTS),
            "a statement of eight in a trip: psycopg": (partial(_trips, theirs), _TRIPS * _STATEMENTS),
        }
        for name, kind in POOLS.items():
            pool = await stack.enter_async_context(opened(kind, url, "bench"))
            works[f"a loan of a connection: {name}"] = (partial(_loans, pool), _LOANS)
        for _ in range(rounds + 1):
            for name, (work, count) in works.items():
                began = time.process_time()
                await work()
                found.setdefault(name, []).append((time.process_time() - began) / count * 1e6)
    # The first round only warms up.
    return {name: median(costs[1:]) for name, costs in found.items()}


@asynccontextmanager
async def opened(kind: Callable[..., Any], url: str, application: str) -> AsyncIterator[Any]:
    """A pool of four connections."""
    pool = kind(url, size=_SIZE, wait_seconds=3, application=application)
    try:
        yield pool
    finally:
        pool.dispose()
        await asyncio.sleep(0)


async def _trips(pg: Any) -> None:
    for _ in range(_TRIPS):
        async with pg.pipeline():
            sent = [await pg.execute(_QUERY, _VALUES) for _ in range(_STATEMENTS)]
            for each in sent:
                await each.fetchone()


async def _loans(pool: Any) -> None:
    for _ in range(_LOANS):
        await pool.give_back(await pool.borrow())
