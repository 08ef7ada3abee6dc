"""How many streams an account and an address may have open."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from db.valkey.client import create_client
from server.domain import stream_limits
from server.domain.identity import Role
from tests.fixtures.clinic import TUESDAY, Scene
from tests.fixtures.waiting import until
from tests.fixtures.watching import Reader, watch
from tests.fixtures.worker import Client, Worker
from tests.fixtures.workers import Fleet
from yoyaku.v1 import appointment_service_pb2 as pb


@dataclass
class Hospital:
    """A doctor whose day a patient follows at two workers."""

    fleet: Fleet
    doctor_id: str
    clients: list[Client]

    async def open(self, stack: AsyncExitStack, worker: int) -> Reader:
        """A stream at a worker, with its first day."""
        reader = await stack.enter_async_context(watch(self.clients[worker], self.doctor_id))
        await reader.day(self.doctor_id, lambda _: True)
        return reader

    async def is_refused(self, worker: int) -> bool:
        """Whether a worker opens no more streams."""
        async with watch(self.clients[worker], self.doctor_id) as reader:
            await reader.until(lambda reader: reader.ended or reader.messages)
            return reader.refusal is not None and reader.refusal.reason == "TOO_MANY_STREAMS"

    async def is_open(self, worker: int) -> bool:
        """Whether a worker opens another stream."""
        return not await self.is_refused(worker)


async def opened(stack: AsyncExitStack, client: Client, scene: Scene, number: int) -> list[Reader]:
    """Streams that have their first day."""
    readers = [await stack.enter_async_context(watch(client, scene.doctor_id, date=TUESDAY)) for _ in range(number)]
    for reader in readers:
        await reader.day(scene.doctor_id, lambda _: True)
    return readers


async def assert_refused(client: Client, scene: Scene, limit: int) -> None:
    async with watch(client, scene.doctor_id, date=TUESDAY) as reader:
        await reader.until(lambda reader: reader.ended)
        assert reader.refusal
        assert (reader.refusal.code.name, reader.refusal.reason) == ("RESOURCE_EXHAUSTED", "TOO_MANY_STREAMS")
        assert reader.refusal.metadata == {"limit": str(limit)}
        assert reader.refusal.retry_seconds


@pytest.mark.parametrize("role", [Role.PATIENT, Role.DISPLAY, Role.STAFF])
async def test_an_account_has_so_many_streams_as_its_role_may_and_another_once_one_is_closed(
    scene: Scene, worker: Worker, role: Role
) -> None:
    limit = stream_limits.OF_ACCOUNT[role]
    client = await worker.client(role, clinic_ids=[scene.clinic_id])
    async with AsyncExitStack() as stack:
        [first, *_] = await opened(stack, client, scene, limit)
        await assert_refused(client, scene, limit)
        await opened(stack, await worker.client(role, clinic_ids=[scene.clinic_id]), scene, 1)
        first.call.cancel()
        await first.until(lambda reader: reader.ended)
        await opened(stack, client, scene, 1)
        await assert_refused(client, scene, limit)


async def test_streams_of_appointments_count_with_those_of_slots(scene: Scene) -> None:
    limit = stream_limits.OF_ACCOUNT[Role.STAFF]
    feed = scene.staff.appointments.WatchAppointments(
        pb.WatchAppointmentsRequest(clinic_id=scene.clinic_id), metadata=scene.staff.metadata
    )
    await feed.read()
    async with AsyncExitStack() as stack:
        await opened(stack, scene.staff, scene, limit - 1)
        await assert_refused(scene.staff, scene, limit)
    feed.cancel()


async def test_an_address_has_a_limit_over_all_its_accounts(scene: Scene, worker: Worker) -> None:
    each = stream_limits.OF_ACCOUNT[Role.SYSTEM]
    here, elsewhere = (("x-envoy-external-address", f"203.0.113.{number}") for number in (1, 2))

    async def client(address: tuple[str, str]) -> Client:
        made = await worker.client("system", clinic_ids=[scene.clinic_id])
        made.metadata = (*made.metadata, address)
        return made

    async with AsyncExitStack() as stack:
        for _ in range(stream_limits.OF_ADDRESS // each):
            await opened(stack, await client(here), scene, each)
        await assert_refused(await client(here), scene, stream_limits.OF_ADDRESS)
        await opened(stack, await client(elsewhere), scene, 1)


@pytest.fixture
async def hospital(fleet: Fleet) -> Hospital:
    clinic_id = await fleet.book.clinic("UTC")
    doctor_id = await fleet.book.doctor(clinic_id)
    return Hospital(fleet, doctor_id, await fleet.clients("patient"))


async def test_a_limit_holds_over_all_workers_and_streams_of_a_killed_one_count_for_some_seconds_only(
    hospital: Hospital,
) -> None:
    limit = stream_limits.OF_ACCOUNT[Role.PATIENT]
    async with AsyncExitStack() as stack:
        for number in range(limit):
            await hospital.open(stack, number % 2)
        assert [await hospital.is_refused(number) for number in (0, 1)] == [True, True]
        hospital.fleet.processes[1].kill()
        await until(lambda: hospital.is_open(0))


async def test_a_stream_that_was_closed_leaves_its_place_to_another_worker(hospital: Hospital) -> None:
    limit = stream_limits.OF_ACCOUNT[Role.PATIENT]
    async with AsyncExitStack() as stack:
        readers = [await hospital.open(stack, 0) for _ in range(limit)]
        assert await hospital.is_refused(1)
        readers[0].call.cancel()
        await until(lambda: hospital.is_open(1))


@pytest.mark.parametrize("wrong", [b"2", b"9" * 19, {b"x": b"9" * 19}])
async def test_counts_that_no_worker_wrote_keep_nobody_out(hospital: Hospital, wrong: Any) -> None:
    valkey: Any = create_client(hospital.fleet.settings.cache_url.get_secret_value())
    async with AsyncExitStack() as stack:
        await hospital.open(stack, 0)
        for key in await valkey.keys("streams:*"):
            if isinstance(wrong, bytes):
                await valkey.set(key, wrong)
            else:
                await valkey.hset(key, mapping=wrong)
        for number in range(3):
            await hospital.open(stack, number % 2)
    await valkey.aclose()
