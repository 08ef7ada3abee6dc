"""Statements in a pipeline: what travels together, what an error or an interruption leaves behind."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import date
from typing import NamedTuple

import psycopg
import pytest
import uvloop
from psycopg.pq import TransactionStatus

from db.postgres.cluster.engines import Connection, Engine, connection
from db.postgres.cluster.transaction import transact
from db.postgres.driver.connections import open_connection
from db.postgres.driver.pipeline import named
from tests.fixtures.book import Book
from tests.fixtures.wire import traced


async def test_statements_travel_when_the_first_is_fetched(engine: Engine) -> None:
    async with connection(engine) as pg, pg.pipeline():
        with traced(pg) as seen:
            one, two = await pg.execute("SELECT 1"), await pg.execute("SELECT 2")
            assert (await two.fetchone(), await one.fetchone()) == ((2,), (1,))
        assert seen.trips == 1


async def test_values_are_given_by_name_or_in_order(engine: Engine) -> None:
    async with connection(engine) as pg:
        named = await pg.execute("SELECT %(b)s::int - %(a)s::int, %(b)s::int %% 5", {"a": 3, "b": 7})
        assert await named.fetchall() == [(4, 2)]
        in_order = await pg.execute("SELECT %s::text || '%%' || %s::text", ["a", "b"])
        assert await in_order.fetchall() == [("a%b",)]
        assert await (await pg.execute("SELECT '%'")).fetchall() == [("%",)]


async def test_lists_are_arrays_whatever_their_elements_hold(engine: Engine) -> None:
    texts = ["plain", '"quoted"', "back\\slash", "{a,b}", "", "NULL", None, "é, 予約"]
    days, numbers = [date(2026, 3, 3), None], [1, 2**40]
    async with connection(engine) as pg:
        sent = await pg.execute("SELECT %s::text[], %s::date[], %s::bigint[]", [texts, days, numbers])
        assert await sent.fetchone() == (texts, days, numbers)
        sent = await pg.execute(
            "SELECT 'b' = ANY(%(names)s), cardinality(%(none)s::uuid[])", {"names": ["a", "b"], "none": []}
        )
        assert await sent.fetchone() == (True, 0)


async def test_one_statement_takes_values_of_changing_types(engine: Engine) -> None:
    async with connection(engine) as pg:
        for value in (1, 2**40, 1.5, 2**14):
            assert await (await pg.execute("SELECT %s + 1", [value])).fetchone() == (value + 1,)


async def test_the_first_error_is_told_and_the_connection_goes_on(engine: Engine) -> None:
    async with connection(engine) as pg:
        async with pg.pipeline():
            _, aborted = await pg.execute("SELECT 1 / 0"), await pg.execute("SELECT nothing")
            with pytest.raises(psycopg.errors.DivisionByZero):
                await aborted.fetchone()
        with pytest.raises(psycopg.errors.UndefinedColumn):
            await pg.execute("SELECT nothing")
        assert await (await pg.execute("SELECT 7")).fetchall() == [(7,)]


async def test_more_than_a_socket_holds_goes_both_ways(engine: Engine) -> None:
    text = "x" * 10_000_000
    async with connection(engine) as pg, pg.pipeline():
        sent = [await pg.execute("SELECT %s::text", [text]) for _ in range(4)]
        assert [await each.fetchone() for each in sent] == [(text,)] * 4


async def test_an_interrupted_statement_is_cancelled_and_its_connection_lent_again(engine: Engine) -> None:
    async with connection(engine) as pg:
        backend = await (await pg.execute("SELECT pg_backend_pid()")).fetchone()

    async def work(pg: Connection) -> None:
        await (await pg.execute("SELECT pg_sleep(4)")).fetchone()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await transact(engine, work)
    async with connection(engine) as pg:
        assert await pg.settle() == TransactionStatus.IDLE
        assert await (await pg.execute("SELECT pg_backend_pid()")).fetchone() == backend


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_the_end_of_a_server_process_is_seen_and_not_waited_for(
    database_url: str, run: Callable[[Coroutine[None, None, None]], None]
) -> None:
    async def ask_one_that_ended() -> None:
        async with open_connection(database_url, "asked") as pg, open_connection(database_url, "other") as other:
            number = await (await pg.execute("SELECT pg_backend_pid()")).fetchone()
            await other.execute("SELECT pg_terminate_backend(%s, 10000)", number)
            with pytest.raises(psycopg.OperationalError):
                async with asyncio.timeout(10):
                    await pg.execute("SELECT 1")

    run(ask_one_that_ended())


async def test_what_was_sent_but_not_awaited_is_undone_with_the_rest(engine: Engine, book: Book) -> None:
    async def work(pg: Connection) -> None:
        await pg.execute("INSERT INTO practitioners VALUES (gen_random_uuid(), 'Mori Hana', now(), now())")
        raise LookupError

    with pytest.raises(LookupError):
        await transact(engine, work)
    assert await book.rows("SELECT id FROM practitioners") == []


async def test_statements_beyond_those_kept_prepared_work_as_well(engine: Engine) -> None:
    async with connection(engine) as pg, pg.pipeline():
        sent = [await pg.execute(f"SELECT {number}") for number in range(600)]
        assert [await each.fetchone() for each in sent] == [(number,) for number in range(600)]


async def test_rows_must_have_the_columns_that_their_type_names(engine: Engine) -> None:
    class Pair(NamedTuple):
        one: int
        two: int

    async with connection(engine) as pg:
        assert await (await pg.cursor(row_factory=named(Pair)).execute("SELECT 1, 2")).fetchall() == [Pair(1, 2)]
        for columns in ("1", "1, 2, 3"):
            with pytest.raises(TypeError, match="Pair has 2 fields"):
                await pg.cursor(row_factory=named(Pair)).execute(f"SELECT {columns}")
