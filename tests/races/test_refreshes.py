"""Refreshes of one token at the same time, over two workers."""

import asyncio
import uuid
from typing import Any

import pytest

from tests.fixtures.people import EMAIL, PASSWORD
from tests.fixtures.worker import Client, Refusal
from tests.fixtures.workers import Fleet
from yoyaku.v1 import auth_service_pb2 as pb
from yoyaku.v1.account_role_pb2 import AccountRole

CALLS = 50


@pytest.fixture
async def refresh_token(fleet: Fleet) -> str:
    """Of somebody who has just signed in."""
    [admin, _], stranger = await fleet.clients("admin"), Client(fleet.channels[0], "")
    invitation = pb.InviteAccountRequest(email=EMAIL, role=AccountRole.ACCOUNT_ROLE_ADMIN)
    token = (await admin(admin.auth.InviteAccount, invitation)).set_password_token
    await stranger(stranger.auth.SetPassword, pb.SetPasswordRequest(set_password_token=token, password=PASSWORD))
    answer = await stranger(stranger.auth.Login, pb.LoginRequest(email=EMAIL, password=PASSWORD))
    return str(answer.refresh_token)


async def together(fleet: Fleet, refresh_token: str, request_ids: list[str]) -> list[Any]:
    clients = [Client(channel, "") for channel in fleet.channels]
    calls = []
    for number, request_id in enumerate(request_ids):
        client = clients[number % len(clients)]
        request = pb.RefreshTokenRequest(refresh_token=refresh_token, request_id=request_id)
        calls.append(client(client.auth.RefreshToken, request, seconds=30))
    return await asyncio.gather(*calls, return_exceptions=True)


async def works(fleet: Fleet, refresh_token: str) -> bool:
    client = Client(fleet.channels[1], "")
    answer = await client(client.auth.RefreshToken, pb.RefreshTokenRequest(refresh_token=refresh_token))
    return bool(answer.access_token)


async def test_fifty_refreshes_of_one_request_get_one_successor(fleet: Fleet, refresh_token: str) -> None:
    answers = await together(fleet, refresh_token, [str(uuid.uuid4())] * CALLS)
    [successor] = {answer.refresh_token for answer in answers}
    assert await works(fleet, successor)


async def test_of_fifty_requests_one_gets_the_successor_and_the_others_are_aborted(
    fleet: Fleet, refresh_token: str
) -> None:
    answers = await together(fleet, refresh_token, [str(uuid.uuid4()) for _ in range(CALLS)])
    refused = [answer for answer in answers if isinstance(answer, Refusal)]
    assert {(each.code.name, each.reason) for each in refused} == {("ABORTED", "REFRESH_IN_PROGRESS")}
    [winner] = [answer for answer in answers if not isinstance(answer, Exception)]
    assert await works(fleet, winner.refresh_token)
