"""Sessions when the token store is killed."""

import asyncio
from typing import Any

import pytest

from tests.faults.town import Town
from tests.fixtures.callers import refusal
from tests.fixtures.mail import until
from tests.fixtures.people import PASSWORD
from tests.fixtures.worker import Client, Refusal
from tests.fixtures.workers import Fleet
from yoyaku.v1 import auth_service_pb2 as pb
from yoyaku.v1 import directory_service_pb2
from yoyaku.v1.account_role_pb2 import AccountRole

FLUSH_SECONDS = 1.5
"""Valkey writes its file to disk every second: what is older survives."""


async def joined(admin: Client, stranger: Client, email: str) -> str:
    """An account with a password; its id."""
    request = pb.InviteAccountRequest(email=email, role=AccountRole.ACCOUNT_ROLE_ADMIN)
    invited = await admin(admin.auth.InviteAccount, request)
    token = pb.SetPasswordRequest(set_password_token=invited.set_password_token, password=PASSWORD)
    await stranger(stranger.auth.SetPassword, token)
    return str(invited.account_id)


async def test_sessions_outlive_the_token_store_and_what_is_ended_meanwhile_stays_so(place: Town, fleet: Fleet) -> None:
    admin, other = await fleet.clients("admin")
    [stranger, elsewhere] = [Client(channel, "") for channel in fleet.channels]

    async def login(email: str) -> Any:
        return await stranger(stranger.auth.Login, pb.LoginRequest(email=email, password=PASSWORD))

    async def refresh(tokens: Any) -> Any:
        request = pb.RefreshTokenRequest(refresh_token=tokens.refresh_token)
        return await elsewhere(elsewhere.auth.RefreshToken, request)

    async def refreshed(tokens: Any) -> Any:
        """The next tokens, or nothing while the token store is away."""
        try:
            return await refresh(tokens)
        except Refusal as refused:
            if refused.reason != "TOKEN_STORE_UNAVAILABLE":
                raise
            return None

    await joined(admin, stranger, "stays@example.org")
    leaving = await joined(admin, stranger, "leaves@example.org")
    stays, leaves = await login("stays@example.org"), await login("leaves@example.org")
    await asyncio.sleep(FLUSH_SECONDS)
    place.parts["valkey"].kill()
    for call in (login("stays@example.org"), refresh(stays)):
        lost = await refusal(call)
        assert (lost.reason, lost.retry_seconds) == ("TOKEN_STORE_UNAVAILABLE", 2)
    await other(other.directory.ListClinics, directory_service_pb2.ListClinicsRequest())
    await admin(admin.auth.DisableAccount, pb.DisableAccountRequest(account_id=leaving))
    await place.parts["valkey"].start_again()
    assert (await until(lambda: refreshed(stays))).access_token
    with pytest.raises(Refusal, match="SESSION_ENDED"):
        await refresh(leaves)
