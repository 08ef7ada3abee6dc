"""Accounts that need a second factor, by the rules of the installation."""

from collections.abc import AsyncIterator

import grpc
import pytest

from server.serving import background
from server.wiring import wired
from tests.fixtures.book import Clock
from tests.fixtures.callers import refusal
from tests.fixtures.people import PASSWORD, People
from tests.fixtures.second_factor import joined, set_up
from tests.fixtures.worker import settings_for
from yoyaku.v1 import auth_service_pb2 as pb
from yoyaku.v1 import directory_service_pb2 as directory


@pytest.fixture
async def strict(people: People, clock: Clock, valkey_urls: dict[str, str], database_url: str) -> AsyncIterator[People]:
    """The same people at a worker where staff need a second factor."""
    worker = people.scene.worker
    settings = settings_for(
        database_url, **valkey_urls, second_factor_roles="staff,admin", key_encryption_key=worker.key_encryption_key
    )
    async with wired(settings, clock) as parts, background(parts):
        port = await parts.server.start("127.0.0.1:0")
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            lenient, worker.channel = worker.channel, channel
            yield people
            worker.channel = lenient
        await parts.server.stop(0)


async def test_where_staff_need_one_a_session_without_it_may_only_set_it_up(strict: People, clock: Clock) -> None:
    owner = await joined(strict, clock)
    assert owner.tokens.account.second_factor_missing

    async def sees_clinics() -> bool:
        client = owner.client
        return bool((await client(client.directory.ListClinics, directory.ListClinicsRequest())).clinics)

    for _ in range(2):
        refused = await refusal(sees_clinics())
        assert (refused.code, refused.reason) == (grpc.StatusCode.PERMISSION_DENIED, "SECOND_FACTOR_MISSING")
        assert (await owner.ask("GetMe")).account.second_factor_missing
        owner.tokens = await strict.refresh(owner.tokens.refresh_token)
    await set_up(owner)
    assert await sees_clinics()
    owner.tokens = await strict.refresh(owner.tokens.refresh_token)
    assert await sees_clinics()
    owner.tokens = await owner.ask("RemoveSecondFactor", password=PASSWORD, code=owner.code())
    assert (await refusal(sees_clinics())).reason == "SECOND_FACTOR_MISSING"


async def test_patients_need_none_and_have_none(strict: People) -> None:
    await strict.join()
    tokens = await strict.login()
    assert not tokens.account.second_factor_missing
    patient = strict.scene.worker.stranger(tokens.access_token)
    refused = await refusal(patient(patient.auth.EnrolSecondFactor, pb.EnrolSecondFactorRequest(password=PASSWORD)))
    assert refused.reason == "NOT_ALLOWED"
