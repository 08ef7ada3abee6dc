"""Under Patroni, a frozen primary wakes up when another has taken its place, and nobody stops it: it gets no writes."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator

import pytest

from db.postgres.cluster.state import place as host_and_port
from server.local.servers import database
from server.local.servers.patroni import ClusterNode
from server.local.servers.postgres import PostgresServer
from tests.faults.conftest import visiting
from tests.faults.ha_town import HaTown, ha_town, watcher
from tests.faults.load import load
from tests.fixtures.waiting import until
from tests.fixtures.workers import Fleet

SECONDS = 3.0
"""Of load, with two servers that take themselves for the primary."""
# What a worker asks every server all the time.
ONLY_LOOKS = "query LIKE '%FROM cluster_epoch%'"
RUNS = f"""
SELECT query FROM pg_stat_activity WHERE usename = '{database.NAME}' AND NOT {ONLY_LOOKS}
AND state <> 'idle' AND wait_event IS DISTINCT FROM 'SyncRep'
"""  # noqa: S608  # constants
HAS_RUN = f"""
SELECT left(query, 100) FROM pg_stat_statements JOIN pg_roles r ON r.oid = userid
WHERE rolname = '{database.NAME}' AND NOT {ONLY_LOOKS}
"""  # noqa: S608  # constants


ENDED = "is not the primary any more"


async def says(place: HaTown, node: ClusterNode, text: str) -> bool:
    """Whether what watches the primary on a node has said so."""
    return text in (place.home / f"{watcher(node)}.log").read_text()


@pytest.fixture
def place() -> Iterator[HaTown]:
    with ha_town() as built:
        yield built


@pytest.fixture
async def fleet(place: HaTown) -> AsyncIterator[Fleet]:
    async with visiting(place) as there:
        yield there


async def ran_out(old: PostgresServer) -> None:
    """Return when the old primary has done what it had been sent before it was frozen."""

    async def is_done() -> bool:
        return not await asyncio.to_thread(old.query, RUNS)

    await until(is_done)


async def test_a_frozen_primary_that_wakes_as_one_of_two_gets_no_statement_of_any_worker(
    place: HaTown, fleet: Fleet
) -> None:
    old = await place.leader()
    async with load(fleet) as running:
        await running.serves_again()
        one, other = await place.replicas()
        place.parts[watcher(other)].send(signal.SIGSTOP)
        place.send_node(old, signal.SIGSTOP)
        # One node alone takes nobody's place away; two do so long before Patroni's ttl is over.
        await until(lambda: says(place, one, f"{old.server.name} is silent, 1 of 2 say so"))
        assert not await says(place, one, ENDED)
        place.parts[watcher(other)].send(signal.SIGCONT)
        new = await place.leader(other_than=old)
        assert await says(place, one, ENDED) or await says(place, other, ENDED)
        await running.serves_again()
        # Its Patroni sleeps on, and so does not stop it.
        place.send_postgres(old, signal.SIGCONT)
        assert old.server.query("SELECT pg_is_in_recovery()") == "f"
        await ran_out(old.server)
        old.server.query("SELECT pg_stat_statements_reset()", database.NAME)
        # A worker that knows nothing of what happened finds both.
        place.parts["worker-1"].kill()
        await place.parts["worker-1"].start_again()
        await running.serves_again()
        await asyncio.sleep(SECONDS)
        await running.serves_again()
        assert old.server.query(HAS_RUN, database.NAME) == ""
        assert new.server.query(HAS_RUN, database.NAME) != ""
        # It is heard, though: workers do ask it.
        assert old.server.query(HAS_RUN.replace(f"AND NOT {ONLY_LOOKS}", ""), database.NAME) != ""
        place.part(old).send(signal.SIGCONT)
        await place.is_whole()
        assert old.server.query("SELECT pg_is_in_recovery()") == "t"
        await running.serves_again()
    print(f"woke under Patroni: {running.summary()}")
    assert await running.contradictions() == []
    assert fleet.book.engine.primary.place == host_and_port(new.server.url(database.NAME))
