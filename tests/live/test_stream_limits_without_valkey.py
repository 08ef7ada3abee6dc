"""The limits of streams while Valkey is gone: each worker counts for itself, and counts with the others afterwards."""

from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from server.domain import stream_limits
from server.domain.identity import Role
from server.local.processes import ports
from server.local.processes.process import Process
from server.local.servers import valkey
from tests.fixtures.valkey import PASSWORD
from tests.fixtures.waiting import until
from tests.fixtures.workers import Fleet
from tests.live.test_stream_limits import Hospital

LIMIT = stream_limits.OF_ACCOUNT[Role.PATIENT]


class OwnValkey:
    """A server that a test may stop and start again, empty."""

    def __init__(self, home: Path) -> None:
        self._home = home
        [self.port] = ports.free(1)
        self.start()

    def start(self) -> None:
        self._process: Process = valkey.launch(
            self._home / "data", self._home / "log", port=self.port, password=PASSWORD
        )
        valkey.await_ready(self._process, port=self.port, password=PASSWORD)

    def stop(self) -> None:
        self._process.stop(seconds=valkey.STOP_SECONDS)


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[OwnValkey]:
    made = OwnValkey(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def valkey_urls(own_valkey: OwnValkey) -> dict[str, str]:
    return {
        name: valkey.url(own_valkey.port, PASSWORD, number)
        for number, name in enumerate(("cache_url", "token_store_url"))
    }


async def test_each_worker_counts_for_itself_while_valkey_is_gone_and_with_the_others_afterwards(
    own_valkey: OwnValkey, fleet: Fleet
) -> None:
    doctor_id = await fleet.book.doctor(await fleet.book.clinic("UTC"))
    hospital = Hospital(fleet, doctor_id, await fleet.clients("patient"))
    async with AsyncExitStack() as stack:
        first, *_ = [await hospital.open(stack, 0) for _ in range(LIMIT)]
        assert await hospital.is_refused(1)
        own_valkey.stop()
        await until(lambda: hospital.is_open(1))
        for _ in range(LIMIT):
            await hospital.open(stack, 1)
        assert [await hospital.is_refused(number) for number in (0, 1)] == [True, True]
        first.call.cancel()
        await until(lambda: hospital.is_open(0))
        own_valkey.start()
        await until(lambda: hospital.is_refused(0))
