"""Transactions: tried again when they meet others, rolled back whole, errors by our names."""

import pytest

from db.errors import Conflict, ConstraintViolated, Saturated, TimedOut, Unreachable
from db.postgres.cluster.engines import Connection, Engine, connection, create_engine
from db.postgres.cluster.transaction import read, transact
from tests.fixtures.book import Book

FAILS_TIMES = """
CREATE SEQUENCE attempts;
CREATE TABLE notes (note text);
CREATE FUNCTION fails(times int, code text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE attempt int := nextval('attempts');
BEGIN
    IF attempt <= times THEN RAISE EXCEPTION USING ERRCODE = code; END IF;
    RETURN attempt;
END $$
"""


@pytest.fixture
async def flaky(book: Book) -> Book:
    """A database with a function that fails some times with an error code."""
    for statement in FAILS_TIMES.split(";\nCREATE "):
        text = statement if statement.lstrip().startswith("CREATE") else f"CREATE {statement}"
        await book.run(text)
    return book


async def attempt(pg: Connection, times: int, code: str) -> int:
    await pg.execute("INSERT INTO notes VALUES ('tried')")
    row = await (await pg.execute("SELECT fails(%s, %s)", [times, code])).fetchone()
    assert row
    return int(row[0])


@pytest.mark.parametrize("code", ["40001", "40P01", "55P03"])
async def test_a_transaction_that_met_others_is_tried_again(engine: Engine, flaky: Book, code: str) -> None:
    assert await transact(engine, lambda pg: attempt(pg, 2, code)) == 3
    assert await flaky.rows("SELECT note FROM notes") == [("tried",)]


async def test_after_five_attempts_it_is_a_conflict(engine: Engine, flaky: Book) -> None:
    with pytest.raises(Conflict):
        await transact(engine, lambda pg: attempt(pg, 99, "40001"))
    assert await flaky.rows("SELECT last_value::int FROM attempts") == [(5,)]
    assert await flaky.rows("SELECT note FROM notes") == []


async def test_a_constraint_is_told_by_its_name_and_undoes_all(engine: Engine, book: Book) -> None:
    async def work(pg: Connection) -> None:
        await pg.execute("INSERT INTO practitioners VALUES (gen_random_uuid(), 'Mori Hana', now(), now())")
        await pg.execute("INSERT INTO practitioners VALUES (gen_random_uuid(), '', now(), now())")

    with pytest.raises(ConstraintViolated) as violated:
        await transact(engine, work)
    assert violated.value.constraint == "practitioners_name_length"
    assert await book.rows("SELECT id FROM practitioners") == []


async def test_an_error_in_between_rolls_back_and_returns_the_connection(engine: Engine, book: Book) -> None:
    async def work(pg: Connection) -> None:
        await pg.execute("INSERT INTO practitioners VALUES (gen_random_uuid(), 'Mori Hana', now(), now())")
        raise LookupError

    for _ in range(10):  # twice the size of the pool
        with pytest.raises(LookupError):
            await transact(engine, work)
    assert await book.rows("SELECT id FROM practitioners") == []


async def test_a_connection_lost_before_commit_is_tried_again_once(engine: Engine, book: Book) -> None:
    runs = 0

    async def work(pg: Connection) -> int:
        nonlocal runs
        runs += 1
        if runs == 1:
            await pg.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        row = await (await pg.execute("SELECT 7")).fetchone()
        assert row
        return int(row[0])

    assert await transact(engine, work) == 7
    assert runs == 2


@pytest.mark.parametrize(("replayable", "expected"), [(True, 2), (False, 1)])
async def test_a_connection_lost_at_commit_is_tried_again_only_if_the_work_knows_itself(
    engine: Engine, replayable: bool, expected: int
) -> None:
    runs = 0

    async def work(pg: Connection) -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            # Not waited for: the loss shows when COMMIT is.
            await pg.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    if replayable:
        await transact(engine, work, replayable=True)
    else:
        with pytest.raises(Unreachable):
            await transact(engine, work)
    assert runs == expected


async def test_a_pool_lends_no_more_than_its_size_and_says_so_in_time(database_url: str) -> None:
    small = create_engine(database_url, size=1, wait_seconds=0.1, application="tests")
    try:
        async with connection(small):
            with pytest.raises(Saturated):
                await read(small, lambda pg: pg.execute("SELECT 1"))
        await read(small, lambda pg: pg.execute("SELECT 1"))
    finally:
        await small.dispose()


async def test_a_statement_that_takes_too_long_is_told_from_a_lost_server(engine: Engine) -> None:
    async def work(pg: Connection) -> None:
        await pg.execute("SET LOCAL statement_timeout = 10")
        await (await pg.execute("SELECT pg_sleep(5)")).fetchone()

    with pytest.raises(TimedOut):
        await transact(engine, work)


async def test_a_primary_that_became_a_standby_is_unavailable_for_writes(engine: Engine) -> None:
    async def work(pg: Connection) -> None:
        await pg.execute("SET TRANSACTION READ ONLY")
        await pg.execute("INSERT INTO practitioners VALUES (gen_random_uuid(), 'Mori Hana', now(), now())")

    with pytest.raises(Unreachable):
        await transact(engine, work)


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    nowhere = create_engine("postgresql://x:y@127.0.0.1:1/z", size=1, wait_seconds=1, application="tests")
    with pytest.raises(Unreachable):
        await read(nowhere, lambda pg: pg.execute("SELECT 1"))
    await nowhere.dispose()
