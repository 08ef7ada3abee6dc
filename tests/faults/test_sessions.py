"""Sessions when the token store or the primary is killed."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from functools import partial
from typing import Any

import grpc

from tests.faults.desk import Desk
from tests.faults.town import Town
from tests.fixtures.callers import refusal
from tests.fixtures.people import PASSWORD
from tests.fixtures.waiting import until
from tests.fixtures.worker import Client, Refusal
from tests.fixtures.workers import Fleet
from yoyaku.v1 import auth_service_pb2 as pb
from yoyaku.v1 import directory_service_pb2
from yoyaku.v1.account_role_pb2 import AccountRole

FLUSH_SECONDS = 1.5
"""Valkey writes its file to disk every second: what is older survives."""


@dataclass(frozen=True)
class Person:
    """Somebody who signs in at one worker and refreshes at the other."""

    email: str
    here: Client
    there: Client

    async def login(self) -> Any:
        return await self.here(self.here.auth.Login, pb.LoginRequest(email=self.email, password=PASSWORD))

    async def refresh(self, tokens: Any) -> Any:
        request = pb.RefreshTokenRequest(refresh_token=tokens.refresh_token)
        return await self.there(self.there.auth.RefreshToken, request)


async def unless_away(call: Awaitable[Any]) -> Any:
    """An answer, or nothing while what it needs is away."""
    try:
        return await call
    except Refusal as refused:
        if refused.code is not grpc.StatusCode.UNAVAILABLE:
            raise
        return None


def person(fleet: Fleet, email: str) -> Person:
    return Person(email, *(Client(channel, "") for channel in fleet.channels))


async def test_sessions_outlive_the_token_store_and_what_is_ended_meanwhile_stays_so(place: Town, fleet: Fleet) -> None:
    admin, other = await fleet.clients("admin")
    staying, leaving = person(fleet, "stays@example.org"), person(fleet, "leaves@example.org")
    await joined(admin, staying)
    account_id = await joined(admin, leaving)
    stays, leaves = await staying.login(), await leaving.login()
    await asyncio.sleep(FLUSH_SECONDS)
    place.parts["valkey"].kill()
    try:
        for call in (staying.login(), staying.refresh(stays)):
            lost = await refusal(call)
            assert (lost.reason, lost.retry_seconds) == ("TOKEN_STORE_UNAVAILABLE", 2)
        await other(other.directory.ListClinics, directory_service_pb2.ListClinicsRequest())
        await admin(admin.auth.DisableAccount, pb.DisableAccountRequest(account_id=account_id))
    finally:
        await place.parts["valkey"].start_again()
    assert (await until(lambda: unless_away(staying.refresh(stays)))).access_token
    assert (await refusal(leaving.refresh(leaves))).reason == "SESSION_ENDED"


async def test_people_and_systems_go_on_while_the_primary_is_away(place: Town, fleet: Fleet) -> None:
    admin, other = await fleet.clients("admin")
    somebody = person(fleet, "somebody@example.org")
    await joined(admin, somebody)
    service = pb.CreateServiceAccountRequest(name="Laboratory", all_clinics=True)
    made = await admin(admin.auth.CreateServiceAccount, service)
    tokens = await until(lambda: unless_away(somebody.login()))
    await place.caught_up()
    place.parts["primary"].kill()
    try:
        assert (await until(lambda: unless_away(somebody.refresh(tokens)))).access_token
        assert (await somebody.login()).access_token
        exchange = pb.ExchangeDeviceTokenRequest(device_token=made.device_token)
        assert (await somebody.here(somebody.here.auth.ExchangeDeviceToken, exchange)).access_token
        lost = await refusal(admin(admin.auth.DisableAccount, pb.DisableAccountRequest(account_id=made.account_id)))
        assert lost.reason == "DATABASE_UNAVAILABLE"
        # A replica's no may be out of date.
        stranger = person(fleet, "stranger@example.org")
        assert (await refusal(stranger.login())).reason == "DATABASE_UNAVAILABLE"
        unknown = pb.ExchangeDeviceTokenRequest(device_token=made.device_token[:-4] + "abcd")
        refused = await refusal(somebody.here(somebody.here.auth.ExchangeDeviceToken, unknown))
        assert refused.reason == "DATABASE_UNAVAILABLE"
    finally:
        await place.parts["primary"].start_again()
    for number, each in enumerate((admin, other)):
        await until(partial(writes, each, f"later-{number}@example.org"))


async def test_what_has_ended_stays_so_while_a_replica_that_lacks_it_answers(
    place: Town, fleet: Fleet, desk: Desk
) -> None:
    admin, other = await fleet.clients("admin")
    staying, leaving = person(fleet, "still@example.org"), person(fleet, "gone@example.org")
    await joined(admin, staying)
    account_id = await joined(admin, leaving)
    stays = await until(lambda: unless_away(staying.login()))
    leaves = await until(lambda: unless_away(leaving.login()))
    here, gone = (Client(fleet.channels[0], each.access_token) for each in (stays, leaves))
    standby, primary = place.servers[1], place.parts["primary"]
    await place.caught_up()
    await until(desk.is_answered_by_the_standby)  # who has written nothing lately is known by then
    standby.query("SELECT pg_wal_replay_pause()")
    try:
        await admin(admin.auth.DisableAccount, pb.DisableAccountRequest(account_id=account_id))
        assert await until(lambda: refused_for(gone)) == "TOKEN_INVALID"
        primary.kill()
        await until(lambda: unless_away(listed(here)))
        for _ in range(8):  # for longer than two reads of what has ended
            assert await refused_for(gone) == "TOKEN_INVALID"
            await asyncio.sleep(0.7)
    finally:
        standby.query("SELECT pg_wal_replay_resume()")
        await primary.start_again()
    for number, each in enumerate((admin, other)):
        await until(partial(writes, each, f"afterwards-{number}@example.org"))


async def listed(client: Client) -> Any:
    return await client(client.directory.ListClinics, directory_service_pb2.ListClinicsRequest())


async def refused_for(client: Client) -> str:
    """Why a call is refused; empty if it is answered."""
    try:
        await listed(client)
    except Refusal as refused:
        return refused.reason
    return ""


async def writes(admin: Client, email: str) -> bool:
    """Whether the primary takes writes again."""
    request = pb.InviteAccountRequest(email=email, role=AccountRole.ACCOUNT_ROLE_ADMIN)
    return bool(await unless_away(admin(admin.auth.InviteAccount, request)))


async def joined(admin: Client, somebody: Person) -> str:
    """Give somebody an account with a password; its id."""
    request = pb.InviteAccountRequest(email=somebody.email, role=AccountRole.ACCOUNT_ROLE_ADMIN)
    invited = await admin(admin.auth.InviteAccount, request)
    token = pb.SetPasswordRequest(set_password_token=invited.set_password_token, password=PASSWORD)
    await somebody.here(somebody.here.auth.SetPassword, token)
    return str(invited.account_id)
