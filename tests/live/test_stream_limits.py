"""How many streams an account and an address may have open."""

from contextlib import AsyncExitStack

import pytest

from server.domain import stream_limits
from server.domain.identity import Role
from tests.fixtures.clinic import TUESDAY, Scene
from tests.fixtures.watching import Reader, watch
from tests.fixtures.worker import Client, Worker
from yoyaku.v1 import appointment_service_pb2 as pb


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
