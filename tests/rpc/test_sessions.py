"""Signing in, refresh tokens that are good once, and how a session ends."""

import uuid
from datetime import timedelta
from typing import Any

import grpc
import jwt
import pytest
from argon2 import PasswordHasher

from db.valkey.client import Valkey
from server.domain.identity import Role
from server.serving import background
from server.wiring import wired
from tests.fixtures.book import Clock
from tests.fixtures.callers import refusal
from tests.fixtures.clinic import Scene
from tests.fixtures.people import EMAIL, PASSWORD, People
from tests.fixtures.worker import Client, settings_for
from yoyaku.v1 import auth_service_pb2 as pb
from yoyaku.v1.account_pb2 import Account
from yoyaku.v1.account_role_pb2 import AccountRole


@pytest.fixture
def store(people: People) -> Valkey:
    return people.scene.worker.parts.token_store


async def events(people: People, kind: str = "refresh_token_reused") -> int:
    [[count]] = await people.scene.book.rows("SELECT count(*) FROM security_events WHERE kind = %s", kind)
    return int(str(count))


async def warnings(people: People) -> list[Any]:
    return await people.scene.book.rows(
        "SELECT account_id, channel, status FROM notifications WHERE kind = 'security_warning'"
    )


async def test_who_knows_the_password_gets_tokens_that_work(people: People) -> None:
    account_id = await people.join()
    tokens = await people.login("Ken@Example.org")
    assert tokens.expires_in == 900
    claims = jwt.decode(tokens.access_token, options={"verify_signature": False})
    assert (claims["sub"], claims["roles"], claims["patient_id"]) == (account_id, ["patient"], people.scene.patient_id)
    assert await people.works(tokens)
    assert await people.works(await people.refresh(tokens.refresh_token))


async def test_a_refresh_token_is_kept_as_a_hash_for_seven_days_under_its_user(people: People, store: Valkey) -> None:
    account_id = await people.join()
    tokens = await people.login()
    user_id, token_id, secret = tokens.refresh_token.split(".")
    assert user_id == account_id
    assert 604_000 < await store.ttl(f"refresh:2:{user_id}:{token_id}") <= 604_800
    kept = [await store.hgetall(key) for name in ("refresh:*", "family:*") for key in await store.keys(name)]
    assert len(kept) == 2
    assert secret not in str(kept)


async def test_a_wrong_password_and_an_unknown_account_are_refused_alike(people: People) -> None:
    await people.join()
    await people.invite("invited@example.org")
    await people.disable(await people.join("disabled@example.org"))
    people.scene.worker.parts.passwords.compared = 0
    refusals = [
        await refusal(people.login(password="not the password")),
        await refusal(people.login("nobody@example.org")),
        await refusal(people.login("invited@example.org")),
        await refusal(people.login("disabled@example.org")),
    ]
    assert {(each.code, each.reason, each.message) for each in refusals} == {
        (grpc.StatusCode.UNAUTHENTICATED, "SIGN_IN_FAILED", refusals[0].message)
    }
    # Each was the same work, so that the time tells nothing either.
    assert people.scene.worker.parts.passwords.compared == len(refusals)


async def test_an_outdated_hash_is_made_anew_at_the_next_sign_in(people: People) -> None:
    account_id = await people.join()
    old = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(PASSWORD)
    await people.scene.book.run("UPDATE accounts SET password_hash = %s WHERE id = %s", old, account_id)
    session = await people.login()
    [[new]] = await people.scene.book.rows("SELECT password_hash FROM accounts WHERE id = %s", account_id)
    assert str(new).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await people.login()
    assert await people.refresh(session.refresh_token)


async def test_a_used_token_ends_its_family_and_is_kept_and_warned_of_once(people: People, clock: Clock) -> None:
    account_id = await people.join()
    stolen = (await people.login()).refresh_token
    owners = await people.refresh(stolen)
    other = await people.login()
    clock.advance(timedelta(seconds=11))
    thiefs = await refusal(people.refresh(stolen))
    assert (thiefs.code, thiefs.reason) == (grpc.StatusCode.UNAUTHENTICATED, "SESSION_ENDED")
    for token in (stolen, owners.refresh_token):
        assert (await refusal(people.refresh(token))).reason == "SESSION_ENDED"
    assert await events(people) == 1
    assert await warnings(people) == [(account_id, "email", "waiting")]
    assert await people.refresh(other.refresh_token)


async def test_a_thief_who_is_first_is_out_once_the_owner_refreshes(people: People, clock: Clock) -> None:
    await people.join()
    stolen = (await people.login()).refresh_token
    thiefs = await people.refresh(stolen)
    thiefs = await people.refresh(thiefs.refresh_token)
    # The successor is used: not even within the window is this a lost answer.
    assert (await refusal(people.refresh(stolen))).reason == "SESSION_ENDED"
    assert (await refusal(people.refresh(thiefs.refresh_token))).reason == "SESSION_ENDED"
    assert await events(people) == 1


async def test_a_lost_answer_is_given_again_to_the_same_request_for_ten_seconds(people: People, clock: Clock) -> None:
    await people.join()
    token, request_id = (await people.login()).refresh_token, str(uuid.uuid4())
    first = await people.refresh(token, request_id)
    clock.advance(timedelta(seconds=9.9))
    again = await people.refresh(token, request_id.upper())
    assert again.refresh_token == first.refresh_token
    other = await refusal(people.refresh(token, str(uuid.uuid4())))
    assert (other.code, other.reason) == (grpc.StatusCode.ABORTED, "REFRESH_IN_PROGRESS")
    assert await events(people) == 0
    clock.advance(timedelta(seconds=0.1))
    assert (await refusal(people.refresh(token, request_id))).reason == "SESSION_ENDED"
    assert await events(people) == 1


async def test_the_window_ends_when_the_successor_is_used(people: People) -> None:
    await people.join()
    token, request_id = (await people.login()).refresh_token, str(uuid.uuid4())
    await people.refresh((await people.refresh(token, request_id)).refresh_token)
    assert (await refusal(people.refresh(token, request_id))).reason == "SESSION_ENDED"
    assert await events(people) == 1


async def test_signing_out_ends_the_session_and_no_other(people: People) -> None:
    await people.join()
    mine, other = await people.login(), await people.login()
    newest = await people.refresh(mine.refresh_token)
    for token in (newest.refresh_token, newest.refresh_token, "made.up.token", "x"):
        await people.logout(token)
    assert (await refusal(people.refresh(newest.refresh_token))).reason == "SESSION_ENDED"
    assert await people.refresh(other.refresh_token)
    assert await events(people) == 0


@pytest.mark.parametrize("how", ["disabled", "reset", "changed"])
async def test_all_sessions_of_an_account_end_with_its_password(people: People, how: str) -> None:
    account_id = await people.join()
    sessions = [await people.login(), await people.login()]
    if how == "disabled":
        await people.disable(account_id)
    elif how == "reset":
        await people.reset(account_id)
    else:
        new = await people.change_password(sessions[0])
    await people.scene.worker.parts.tokens.learn()
    for session in sessions:
        assert (await refusal(people.refresh(session.refresh_token))).reason == "SESSION_ENDED"
        assert (await refusal(people.works(session))).reason == "TOKEN_INVALID"
    if how == "changed":
        assert await people.works(new)
        assert await people.works(await people.refresh(new.refresh_token))
    assert await events(people) == 0


@pytest.mark.parametrize("change", ["secret", "token", "user", "shape"])
async def test_a_made_up_refresh_token_is_refused_and_ends_nothing(people: People, change: str) -> None:
    await people.join()
    real = (await people.login()).refresh_token
    user_id, token_id, secret = real.split(".")
    made_up = {
        "secret": f"{user_id}.{token_id}.{secret[::-1]}",
        "token": f"{user_id}.{uuid.uuid4()}.{secret}",
        "user": f"{uuid.uuid4()}.{token_id}.{secret}",
        "shape": f"{user_id}:*.{token_id}.{secret}",
    }
    assert (await refusal(people.refresh(made_up[change]))).reason == "SESSION_ENDED"
    assert await people.refresh(real)


async def test_without_the_token_store_nobody_signs_in_but_access_tokens_work(
    people: People, database_url: str
) -> None:
    await people.join()
    tokens, worker = await people.login(), people.scene.worker
    settings = settings_for(database_url, key_encryption_key=worker.key_encryption_key)
    async with wired(settings, people.scene.book.clock) as parts, background(parts):
        port = await parts.server.start("127.0.0.1:0")
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            client = Client(channel, tokens.access_token)
            for method, request in (
                (client.auth.Login, pb.LoginRequest(email=EMAIL, password=PASSWORD)),
                (client.auth.RefreshToken, pb.RefreshTokenRequest(refresh_token=tokens.refresh_token)),
                (client.auth.Logout, pb.LogoutRequest(refresh_token=tokens.refresh_token)),
            ):
                lost = await refusal(client(method, request))
                assert (lost.code, lost.reason) == (grpc.StatusCode.UNAVAILABLE, "TOKEN_STORE_UNAVAILABLE")
                assert lost.retry_seconds == 2
            assert await people.scene.list(client) is not None
        await parts.server.stop(0)
    assert await people.refresh(tokens.refresh_token)


async def test_who_signs_in_is_told_who_that_is(people: People) -> None:
    account_id = await people.join()
    tokens = await people.login("Ken@Example.org")
    client = people.scene.worker.stranger(tokens.access_token)
    mine = Account(
        id=account_id, email=EMAIL, roles=[AccountRole.ACCOUNT_ROLE_PATIENT], patient_id=people.scene.patient_id
    )
    assert tokens.account == (await client(client.auth.GetMe, pb.GetMeRequest())).account == mine


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.VISITOR}))
async def test_everybody_may_ask_who_they_are(scene: Scene, role: Role) -> None:
    clinics = {"clinic_ids": [scene.clinic_id]} if role in {Role.STAFF, Role.DISPLAY, Role.SYSTEM} else {}
    client = await scene.worker.client(role.value, **clinics)
    account = (await client(client.auth.GetMe, pb.GetMeRequest())).account
    assert [AccountRole.Name(each) for each in account.roles] == [f"ACCOUNT_ROLE_{role.name}"]
    assert (list(account.clinic_ids), account.all_clinics) == (clinics.get("clinic_ids", []), False)


async def test_the_account_of_every_clinic_lists_none(people: People) -> None:
    request = pb.CreateServiceAccountRequest(name="Laboratory", all_clinics=True)
    made = await people.admin(people.admin.auth.CreateServiceAccount, request)
    stranger = people.scene.worker.stranger()
    exchange = pb.ExchangeDeviceTokenRequest(device_token=made.device_token)
    token = (await stranger(stranger.auth.ExchangeDeviceToken, exchange)).access_token
    system = people.scene.worker.stranger(token)
    account = (await system(system.auth.GetMe, pb.GetMeRequest())).account
    assert (account.all_clinics, list(account.clinic_ids), account.email) == (True, [], "")


async def test_who_was_disabled_is_told_so(people: People) -> None:
    account_id = await people.join()
    tokens = await people.login()
    client = people.scene.worker.stranger(tokens.access_token)
    await people.disable(account_id)
    refused = await refusal(client(client.auth.GetMe, pb.GetMeRequest()))
    await people.scene.worker.parts.tokens.learn()
    afterwards = await refusal(client(client.auth.GetMe, pb.GetMeRequest()))
    for each in (refused, afterwards):
        assert (each.code, each.reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_INVALID")
        assert "the account was disabled: sign in again" in each.message
