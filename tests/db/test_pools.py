"""What pools and statements say of themselves in the log, and whether the database is large enough."""

import asyncio
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from db.errors import Saturated, Unreachable
from db.postgres.booking import appointments
from db.postgres.cluster.engines import Connection, Engine, connection, create_engine
from db.postgres.cluster.transaction import read, transact
from db.postgres.driver import pipeline, pool
from db.postgres.driver.pool import Pool, lent
from db.postgres.driver.translation import translated
from server.serving import background
from server.usecases.maintenance.capacity import PER_TASK, Capacity
from server.wiring import wired
from tests.fixtures.book import Book
from tests.fixtures.waiting import until
from tests.fixtures.worker import settings_for

LONG = 30.0
NOBODY = "00000000-0000-7000-8000-000000000000"


async def test_slow_statements_are_logged_by_name_without_values(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "SLOW_SECONDS", 0.0)

    async def work(pg: Connection) -> None:
        async with pg.pipeline():
            await appointments.get(pg, NOBODY)
            await (await appointments.revision_of(pg, NOBODY)).fetchone()

    with capture_logs() as lines:
        await read(engine, work)
    slow = [line for line in lines if line["event"] == "slow statements"]
    assert slow[0]["statements"] == ["appointments.get", "appointments.revision_of"]
    assert NOBODY not in str(slow)


async def test_statements_have_their_names_in_the_statistics_of_postgresql(engine: Engine, book: Book) -> None:
    await read(engine, lambda pg: appointments.get(pg, NOBODY))
    await book.run("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    found = await book.rows("SELECT query FROM pg_stat_statements WHERE query LIKE 'SELECT /* appointments.get */%%'")
    assert found
    assert NOBODY not in str(found)


async def test_prepared_statements_survive_failures_on_their_connection(database_url: str) -> None:
    engine = create_engine(database_url, size=1, wait_seconds=1, application="tests")

    async def fail(pg: Connection) -> None:
        await (await appointments.get(pg, NOBODY)).fetchone()
        raise LookupError

    async def runs(pg: Connection) -> list[tuple[object, ...]]:
        query = "SELECT generic_plans + custom_plans FROM pg_prepared_statements WHERE statement LIKE %s"
        return await (await pg.execute(query, ["%/* appointments.get */%"])).fetchall()

    for _ in range(3):
        await read(engine, lambda pg: appointments.get(pg, NOBODY))
        with pytest.raises(LookupError):
            await transact(engine, fail)
    assert await read(engine, runs) == [(6,)]
    await engine.dispose()


async def test_a_connection_that_is_not_returned_is_told_of_with_the_place(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "LEAK_SECONDS", 0.05)
    with capture_logs() as lines:

        async def is_told() -> bool:
            return bool(lines)

        async with connection(engine):
            await until(is_told)
        async with connection(engine):
            pass
        await asyncio.sleep(0.1)
    [line] = [line for line in lines if line["event"] == "database connection not returned"]
    assert __file__ in str(line["borrower"])


@pytest.fixture
def single(database_url: str) -> Iterator[Pool]:
    """A pool of one connection."""
    one = Pool(database_url, size=1, wait_seconds=LONG, application="tests")
    yield one
    one.dispose()


async def test_waiters_are_served_in_the_order_in_which_they_came(single: Pool) -> None:
    served = list[int]()

    async def wait(number: int) -> None:
        pooled = await single.borrow()
        served.append(number)
        await single.give_back(pooled)

    lent = await single.borrow()
    tasks = [asyncio.create_task(wait(number)) for number in range(3)]
    await asyncio.sleep(0)
    await single.give_back(lent)
    await asyncio.gather(*tasks)
    assert served == [0, 1, 2]


async def test_a_waiter_that_waits_too_long_is_told_so_and_takes_no_connection(single: Pool) -> None:
    lent = await single.borrow()
    with pytest.raises(Saturated):
        await single.borrow(0.01)
    await single.give_back(lent)
    await single.give_back(await single.borrow(0.01))


@pytest.mark.parametrize("handed_over", [False, True])
async def test_a_waiter_that_is_cancelled_leaves_the_connection_to_others(single: Pool, handed_over: bool) -> None:
    lent = await single.borrow()
    waiting = asyncio.create_task(single.borrow())
    await asyncio.sleep(0)
    if handed_over:
        await single.give_back(lent)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    if not handed_over:
        await single.give_back(lent)
    lent = await single.borrow(0.01)
    with pytest.raises(Saturated):
        await single.borrow(0.01)
    await single.give_back(lent)


async def test_a_closed_pool_waits_for_what_is_lent_and_lends_no_more(single: Pool) -> None:
    borrowed = await single.borrow()
    waiting = asyncio.create_task(single.borrow())
    closing = asyncio.create_task(single.close())
    await asyncio.sleep(0)
    assert not closing.done()
    await single.give_back(borrowed)
    await closing
    for late in (waiting, single.borrow()):
        with pytest.raises(Unreachable):
            await late
    assert (borrowed.connection.psycopg.closed, single.usage) == (True, (0, 0, 0))


async def test_what_is_lent_for_too_long_when_a_pool_is_closed_is_cut(
    single: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "FAREWELL_SECONDS", 0.1)

    async def sleep() -> None:
        async with lent(single) as pg:
            with translated():
                await (await pg.execute("SELECT pg_sleep(4)")).fetchone()

    async def is_lent() -> bool:
        return single.usage[0] == 1

    sleeping = asyncio.create_task(sleep())
    await until(is_lent)
    await single.close()
    with pytest.raises(Unreachable):
        await sleeping
    assert single.usage == (0, 0, 0)


async def test_a_worker_that_ends_in_the_middle_of_a_shared_read_leaves_no_connection(
    book: Book, database_url: str
) -> None:
    async with book.locked("accounts"):
        async with wired(settings_for(database_url)) as parts, background(parts):
            await until(book.waits_for_a_lock)
        assert parts.engine.primary.pool.usage == (0, 0, 0)


@pytest.mark.parametrize(("tasks", "warnings"), [(10, 0), (11, 1)])
async def test_a_database_too_small_for_all_tasks_is_told_of_at_start(
    engine: Engine, tasks: int, warnings: int
) -> None:
    with capture_logs() as lines:
        await Capacity(engine, tasks).check()
    found = [line for line in lines if line["event"] == "too few database connections"]
    assert len(found) == warnings
    assert all(line["needed"] == tasks * PER_TASK and line["allowed"] == 217 for line in found)
