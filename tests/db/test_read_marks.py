"""Read marks in a real Valkey: they rise, they are believed only over a connection that lasts, and nobody waits."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from db.postgres.cluster.replication_lag import Progress
from db.valkey.client import create_client
from db.valkey.read_marks import PAUSE_SECONDS, SETTLING_SECONDS, ReadMarks


class Seconds:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
async def marks(valkey_urls: dict[str, str], seconds: Seconds) -> AsyncIterator[ReadMarks]:
    client = create_client(valkey_urls["cache_url"])
    marks = ReadMarks(client, seconds)
    yield marks
    await marks.aclose()
    await client.aclose()


async def test_a_mark_only_rises(marks: ReadMarks) -> None:
    await marks.raise_to("a", 5)
    await asyncio.gather(marks.raise_to("a", 9), marks.raise_to("a", 7), marks.raise_to("b", 3))
    await marks.raise_to("a", 8)
    assert [*await asyncio.gather(marks.get("a"), marks.get("b"), marks.get("a"))] == [9, 3, 9]


async def test_that_there_is_no_mark_is_believed_once_the_connection_has_lasted(
    marks: ReadMarks, seconds: Seconds
) -> None:
    assert await marks.get("a") is None
    seconds.now += SETTLING_SECONDS + 1
    assert await marks.get("a") == 0


async def test_a_valkey_that_is_away_is_left_alone_for_a_while(seconds: Seconds) -> None:
    asked = 0

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        client = create_client(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0")
        marks = ReadMarks(client, seconds)
        assert await marks.get("a") is None
        assert (first := asked) > 0
        for _ in range(100):
            await marks.raise_to("a", 1)
            assert await marks.get("a") is None
        assert asked == first
        seconds.now += PAUSE_SECONDS
        assert await marks.get("a") is None
        assert asked > first
        await client.aclose()


def test_lag_is_the_age_of_what_a_replica_has_not_replayed() -> None:
    progress = Progress()
    assert progress.lag(0, 100.0) == 0.0
    for at, position in [(1.0, 10), (2.0, 20), (3.0, 20), (4.0, 30)]:
        progress.note(at, position)
    assert [progress.lag(position, 5.0) for position in (30, 25, 20, 15, 5)] == [0.0, 1.0, 1.0, 3.0, 4.0]
    # A primary that writes nothing for an hour leaves nobody behind.
    assert progress.lag(30, 3_600.0) == 0.0


def test_staleness_counts_from_when_a_replica_surely_had_everything() -> None:
    progress = Progress()
    for at, position in [(1.0, 10), (2.0, 20), (3.0, 20), (4.0, 30)]:
        progress.note(at, position)
    assert [progress.staleness(position, 5.0) for position in (30, 25, 20, 10)] == [1.0, 3.0, 3.0, 4.0]
