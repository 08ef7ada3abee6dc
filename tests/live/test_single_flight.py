"""Who shares a read is told what is true for them, whoever asked first."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count

import pytest

from db.postgres.cluster.engines import Engine, create_engine
from db.postgres.cluster.routing import READ_MARK_CONTEXT, ReadMarkContext
from db.valkey.client import create_client
from db.valkey.read_marks import ReadMarks
from db.valkey.signer import Signer
from server.usecases.single_flight import SingleFlight
from tests.fixtures.waiting import PATIENCE_SECONDS

Flights = SingleFlight[str, str]


@pytest.fixture
async def engine(valkey_urls: dict[str, str]) -> AsyncIterator[Engine]:
    """Servers that nothing here asks, and real read marks."""
    client = create_client(valkey_urls["cache_url"])
    url = "postgresql://nobody@127.0.0.1:1/nothing"
    engine = create_engine(url, size=1, wait_seconds=1, application="test")
    engine.marks = ReadMarks(client, Signer(b"of the test"))
    yield engine
    await engine.marks.aclose()
    await client.aclose()


async def asked(flights: Flights, load: Callable[[], Awaitable[str]], context: ReadMarkContext) -> str:
    """What a caller is given."""
    READ_MARK_CONTEXT.set(context)
    return await flights.do("key", load)


def from_a_replica(position: int) -> Callable[[], Awaitable[str]]:
    """A read that a replica answers which has come that far, while the primary is away."""

    async def load() -> str:
        context = READ_MARK_CONTEXT.get()
        assert context
        await asyncio.sleep(0.01)
        if context.caller_id:  # a caller's own read is sent to where what it wrote is known to be
            return f"own read of {context.caller_id}"
        context.staleness, context.position = 2.5, position
        return "shared"

    return load


async def test_everyone_is_told_that_the_answer_may_be_old(engine: Engine) -> None:
    flights, contexts = Flights(engine), [ReadMarkContext(str(number), mark=7) for number in range(3)]
    assert engine.marks
    await asyncio.gather(*(engine.marks.raise_to(context.caller_id, 5) for context in contexts))
    told = await asyncio.gather(*(asked(flights, from_a_replica(9), context) for context in contexts))
    assert told == ["shared"] * 3
    assert [context.staleness for context in contexts] == [2.5] * 3


async def test_who_wrote_more_than_the_replica_has_is_not_given_what_others_may_be(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.valkey.read_marks.SETTLING_SECONDS", 0)
    flights, reader, writer = Flights(engine), ReadMarkContext("reader"), ReadMarkContext("writer", mark=10)
    assert engine.marks
    await asyncio.gather(engine.marks.raise_to("reader", 5), engine.marks.raise_to("writer", 5))
    told = await asyncio.gather(*(asked(flights, from_a_replica(9), context) for context in (reader, writer)))
    assert told == ["shared", "own read of writer"]
    assert (reader.staleness, writer.staleness) == (2.5, None)


async def test_no_mark_of_the_first_caller_decides_for_the_others(engine: Engine) -> None:
    flights, first, second = Flights(engine), ReadMarkContext("first", mark=99), ReadMarkContext("second", mark=1)
    marks: list[int] = []

    async def load() -> str:
        context = READ_MARK_CONTEXT.get()
        assert context
        marks.append(context.mark)
        return "read"

    assert await asyncio.gather(*(asked(flights, load, context) for context in (first, second))) == ["read", "read"]
    assert marks == [0]


async def test_a_shared_read_begins_after_all_who_share_it_have_asked(engine: Engine) -> None:
    flights, begun, go_on, numbers = Flights(engine), asyncio.Event(), asyncio.Event(), count(1)

    async def load() -> str:
        number = next(numbers)
        begun.set()
        await go_on.wait()
        return f"read {number}"

    before = asyncio.create_task(flights.do("key", load))
    await begun.wait()
    after = [asyncio.create_task(flights.do("key", load)) for _ in range(5)]
    await asyncio.sleep(0)
    go_on.set()
    assert await asyncio.gather(before, *after) == ["read 1", *["read 2"] * 5]


async def test_who_gives_up_leaves_the_read_to_the_others_and_the_last_ends_it(engine: Engine) -> None:
    flights, go_on, ended = Flights(engine), asyncio.Event(), asyncio.Event()

    async def load() -> str:
        try:
            await go_on.wait()
            return "read"
        finally:
            ended.set()

    first, second = (asyncio.create_task(flights.do("key", load)) for _ in range(2))
    await asyncio.sleep(0.01)
    first.cancel()
    await asyncio.wait([first])
    assert not ended.is_set()
    go_on.set()
    assert await second == "read"
    go_on.clear()
    ended.clear()
    alone = asyncio.create_task(flights.do("key", load))
    await asyncio.sleep(0.01)
    alone.cancel()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await ended.wait()


async def test_all_who_share_a_read_that_fails_are_told_and_the_next_begins_anew(engine: Engine) -> None:
    flights, fails = Flights(engine), iter([True, False])

    async def load() -> str:
        if next(fails):
            raise ValueError("once")
        return "read"

    told = await asyncio.gather(*(flights.do("key", load) for _ in range(2)), return_exceptions=True)
    assert [str(each) for each in told] == ["once", "once"]
    assert await flights.do("key", load) == "read"
