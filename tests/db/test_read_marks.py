"""Read marks in a real Valkey: they rise, they are believed only over a connection that lasts, and nobody waits."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from db.valkey.client import Valkey, create_client
from db.valkey.read_marks import KEPT_SECONDS, PAUSE_SECONDS, SETTLING_SECONDS, ReadMarks
from db.valkey.signed_numbers import SignedNumbers
from db.valkey.signer import Signer
from tests.fixtures.seconds import Seconds
from tests.fixtures.valkey import OwnValkey, emptied

KEY = b"of the workers"
SIGNER = Signer(KEY)
SYSTEM = "7"
"""The database system of the marks."""


@pytest.fixture
async def marks(valkey_urls: dict[str, str], seconds: Seconds) -> AsyncIterator[ReadMarks]:
    client = create_client(valkey_urls["cache_url"])
    marks = ReadMarks(client, SIGNER, seconds)
    yield marks
    await marks.aclose()
    await client.aclose()


async def test_a_mark_only_rises(marks: ReadMarks, seconds: Seconds) -> None:
    await marks.raise_to("a", 5)
    seconds.now += SETTLING_SECONDS + 1
    await asyncio.gather(marks.raise_to("a", 9), marks.raise_to("a", 7), marks.raise_to("b", 3))
    await marks.raise_to("a", 8)
    assert [*await asyncio.gather(*(marks.get(caller, 1) for caller in "aba"))] == [9, 3, 9]


async def test_that_there_is_no_mark_is_believed_as_far_back_as_the_connection_has_lasted(
    marks: ReadMarks, seconds: Seconds
) -> None:
    assert await marks.get("a", 0) is None
    seconds.now += SETTLING_SECONDS + 10
    await marks.raise_to("b", 7)
    assert await marks.get("a", 10) == 0
    # Before that the caller may have written: what anybody wrote last stands for it.
    assert await marks.get("a", 11) == 7


async def test_no_mark_is_not_believed_after_valkey_was_emptied(
    marks: ReadMarks, seconds: Seconds, valkey_port: int
) -> None:
    await marks.raise_to("a", 7)
    seconds.now += SETTLING_SECONDS + 10
    assert await marks.get("b", 10) == 0
    emptied(valkey_port)
    assert await marks.get("b", 1) is None
    await marks.share(0, SYSTEM)
    seconds.now += SETTLING_SECONDS + 1
    assert await marks.get("b", 1) == 0
    assert await marks.get("b", 10) == 7


@pytest.fixture
async def workers(own_valkey: OwnValkey, seconds: Seconds) -> AsyncIterator[tuple[ReadMarks, ReadMarks]]:
    """Two who use it, both for long."""
    clients = [create_client(own_valkey.url) for _ in range(2)]
    one, other = (ReadMarks(client, SIGNER, seconds) for client in clients)
    await one.share(0, SYSTEM)
    await other.share(0, SYSTEM)
    seconds.now += 100
    yield one, other
    for each in (one, other):
        await each.aclose()
    for client in clients:
        await client.aclose()


async def test_the_first_mark_after_valkey_came_back_is_not_lost(
    own_valkey: OwnValkey, workers: tuple[ReadMarks, ReadMarks], seconds: Seconds
) -> None:
    idle, busy = workers
    own_valkey.end()
    own_valkey.start()
    assert await busy.get("a", 1) is None
    seconds.now += SETTLING_SECONDS + 10
    await idle.raise_to("a", 7)
    assert await busy.get("a", 1) == 7


async def test_marks_that_found_no_valkey_hold_for_everybody_once_it_is_back(
    own_valkey: OwnValkey, workers: tuple[ReadMarks, ReadMarks], seconds: Seconds
) -> None:
    one, other = workers
    own_valkey.end()
    await one.raise_to("a", 7)
    await one.raise_to("b", 8)
    own_valkey.start()
    assert await other.get("a", 1) is None
    seconds.now += PAUSE_SECONDS
    await one.share(0, SYSTEM)
    seconds.now += SETTLING_SECONDS + 10
    assert await other.get("a", 1) == 8


async def test_no_mark_is_believed_while_another_process_may_hold_a_newer_one(
    own_valkey: OwnValkey, workers: tuple[ReadMarks, ReadMarks], seconds: Seconds
) -> None:
    one, other = workers
    own_valkey.end()
    await one.raise_to("a", 9)
    own_valkey.start()
    await other.raise_to("a", 8)
    assert await other.get("a", 1) is None
    seconds.now += SETTLING_SECONDS + 1
    await one.share(0, SYSTEM)
    assert await other.get("a", 1) == 9


async def test_marks_that_valkey_lost_are_stood_for_by_the_newest_of_all(
    own_valkey: OwnValkey, workers: tuple[ReadMarks, ReadMarks], seconds: Seconds
) -> None:
    one, other = workers
    await one.raise_to("a", 7)
    await one.raise_to("b", 9)
    own_valkey.end()
    own_valkey.start()
    for each in workers:
        await each.share(0, SYSTEM)
    seconds.now += SETTLING_SECONDS + 1
    assert await other.get("a", 30) == 9


async def test_the_newest_epoch_outlives_valkey_as_long_as_one_process_knows_it(
    own_valkey: OwnValkey, workers: tuple[ReadMarks, ReadMarks]
) -> None:
    one, other = workers
    assert await one.share(3, SYSTEM) == 3
    assert await other.share(2, SYSTEM) == 3
    own_valkey.end()
    own_valkey.start()
    assert await one.share(2, SYSTEM) == 3
    client = create_client(own_valkey.url)
    fresh = ReadMarks(client, SIGNER)
    assert await fresh.share(1, SYSTEM) == 3
    await fresh.aclose()
    await client.aclose()


WRONG = [b"2", b"9" * 19, b"9" * 36, SignedNumbers(Signer(b"of somebody else"), "mark:2").raised({"x": (9, 0)})[-1]]
"""Numbers that no worker signed, in the form of ours and in others."""


async def everything(client: Valkey, value: Any) -> None:
    """Put a value in the place of all that there is."""
    for key in await client.keys():
        await client.set(key, value)


@pytest.mark.parametrize("value", WRONG)
async def test_an_epoch_that_no_worker_signed_counts_for_nothing_and_is_logged_once(
    own_valkey: OwnValkey, workers: tuple[ReadMarks, ReadMarks], value: Any
) -> None:
    client = create_client(own_valkey.url)
    await workers[0].share(1, SYSTEM)
    await everything(client, value)
    fresh = ReadMarks(client, Signer(KEY))
    with capture_logs() as logs:
        for _ in range(3):
            assert await fresh.share(1, SYSTEM) == 1
            await client.set(f"marks:2:{SYSTEM}:epoch", value)
    assert len(logs) == 1
    for _ in range(2):
        await workers[0].share(1, SYSTEM)
    later = ReadMarks(client, SIGNER)
    assert await later.share(0, SYSTEM) == 1
    await later.aclose()
    await fresh.aclose()
    await client.aclose()


async def test_a_process_that_starts_learns_the_newest_epoch_though_a_lower_one_was_put_over_it(
    own_valkey: OwnValkey, workers: tuple[ReadMarks, ReadMarks]
) -> None:
    knowing, _ = workers
    assert await knowing.share(3, SYSTEM) == 3
    client = create_client(own_valkey.url)
    await client.set(f"marks:2:{SYSTEM}:epoch", "9" * 36)
    fresh = ReadMarks(client, SIGNER)
    learning = asyncio.create_task(fresh.share(2, SYSTEM))
    while not learning.done():
        await knowing.share(3, SYSTEM)
        await asyncio.sleep(0.2)
    assert await learning == 3
    await fresh.aclose()
    await client.aclose()


async def test_what_another_database_left_counts_for_nothing(workers: tuple[ReadMarks, ReadMarks]) -> None:
    one, other = workers
    await one.share(5, "another")
    await one.raise_to("a", 1_000)
    assert await other.share(1, SYSTEM) == 1
    assert await other.get("a", 1) == 0


@pytest.mark.parametrize("value", WRONG)
async def test_marks_that_no_worker_signed_are_unknown_for_an_hour_at_most(
    own_valkey: OwnValkey, workers: tuple[ReadMarks, ReadMarks], seconds: Seconds, value: Any
) -> None:
    one, other = workers
    await one.raise_to("a", 7)
    await one.raise_to("b", 9)
    client = create_client(own_valkey.url)
    await everything(client, value)
    assert await other.get("a", 1) is None
    assert await client.ttl(f"mark:2:{SYSTEM}:a") in range(KEPT_SECONDS - 5, KEPT_SECONDS + 1)
    for each in workers:
        await each.share(1, SYSTEM)
    seconds.now += SETTLING_SECONDS + 10
    # Whoever has no mark is not held up by what was in the place of the marks that concern everybody.
    assert await other.get("c", 1) == 0
    assert await other.get("a", 1) is None
    await one.raise_to("a", 8)
    assert await other.get("a", 1) == 8
    await client.aclose()


async def test_a_valkey_that_is_away_is_left_alone_for_a_while(seconds: Seconds) -> None:
    asked = 0

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        client = create_client(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0")
        marks = ReadMarks(client, SIGNER, seconds)
        assert await marks.get("a", 1) is None
        assert (first := asked) > 0
        for _ in range(100):
            await marks.raise_to("a", 1)
            assert await marks.get("a", 1) is None
        assert asked == first
        seconds.now += PAUSE_SECONDS
        assert await marks.get("a", 1) is None
        assert asked > first
        await client.aclose()
