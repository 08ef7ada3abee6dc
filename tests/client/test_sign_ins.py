"""Who signs in stays signed in: tokens in a file, refreshed when they end, once for all who need it."""

import asyncio
import json
import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest

from server.domain.methods import METHODS
from tests.client.shell import Shell
from tests.client.stand_in import failure, standing_in
from tests.fixtures.book import Clock
from tests.fixtures.people import EMAIL, PASSWORD, People
from yoyaku import BlockingClient, Client, DeviceToken, Refused, TokenStore, Unauthenticated, YoyakuError
from yoyaku.v1 import appointment_service_pb2, auth_service_pb2
from yoyaku.v1.account_role_pb2 import AccountRole

ENDED = failure(grpc.StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED")
DOWN = failure(grpc.StatusCode.UNAVAILABLE, "TOKEN_STORE_UNAVAILABLE")
DONE = appointment_service_pb2.GetAppointmentResponse()
RENEWED = auth_service_pb2.RefreshTokenResponse(access_token="new", refresh_token="next", expires_in=900)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "sign-ins.json"


def address(people: People) -> str:
    return f"http://{people.scene.worker.address}"


def write(file: Path, content: str) -> None:
    """Have the file hold this text."""
    file.parent.mkdir(exist_ok=True)
    file.write_text(content)


def put(file: Path, name: str = "", **fields: Any) -> None:
    """Have the file hold a sign-in, with some fields changed if it does already."""
    content = json.loads(file.read_text()) if file.exists() else {}
    old = {"access_token": "old", "refresh_token": "first", "ends_at": 4e9, "request_id": ""}
    write(file, json.dumps(content | {name: content.get(name, old) | fields}))


def rights(path: Path) -> int:
    """Who may do what with a file."""
    return path.stat().st_mode & 0o777


def kept(file: Path, name: str = "") -> Any:
    return json.loads(file.read_text()).get(name)


async def refreshes(people: People) -> int:
    """How many refresh tokens were given, beside those of signing in."""
    return len(await people.scene.worker.parts.token_store.keys("refresh:*")) - 1


async def test_tokens_are_kept_for_their_owner_alone_until_signing_out(people: People, file: Path) -> None:
    await people.join()
    async with Client(address(people), token=TokenStore(file)) as client:
        await client.login(EMAIL, PASSWORD)
        assert (await client.list_clinics()).clinics
    assert (rights(file), rights(file.parent)) == (0o600, 0o700)
    async with Client(address(people), token=TokenStore(file)) as later:
        assert (await later.list_clinics()).clinics
        await later.logout()
        with pytest.raises(Unauthenticated, match="sign in"):
            await later.list_clinics()
    assert kept(file) is None
    assert {path.name for path in file.parent.iterdir()} == {file.name, f"{file.name}.lock"}


async def test_without_a_file_tokens_are_kept_in_memory(people: People) -> None:
    await people.join()
    async with Client(address(people), token=TokenStore()) as client:
        await client.login(EMAIL, PASSWORD)
        assert (await client.list_clinics()).clinics


async def test_calls_that_meet_an_ended_token_share_one_refresh(people: People, file: Path, clock: Clock) -> None:
    await people.join()
    async with (
        Client(address(people), token=TokenStore(file)) as client,
        Client(address(people), token=TokenStore(file)) as other,
    ):
        await client.login(EMAIL, PASSWORD)
        clock.advance(timedelta(minutes=15))
        await asyncio.gather(*(each.list_clinics() for each in (client, other) for _ in range(20)))
    assert await refreshes(people) == 1


async def test_a_token_that_is_about_to_end_is_refreshed_before_it_is_sent(file: Path) -> None:
    put(file, ends_at=0)
    async with standing_in(RENEWED, DONE) as server, Client(server.address, token=TokenStore(file)) as client:
        await client.get_appointment("a")
    assert [headers.get("authorization") for headers in server.headers] == [None, "Bearer new"]
    assert kept(file)["refresh_token"] == "next"


async def test_a_blocking_client_refreshes_too(file: Path) -> None:
    put(file)

    def call(address: str) -> None:
        with BlockingClient(address, token=TokenStore(file)) as client:
            client.get_appointment("a")

    async with standing_in(ENDED, RENEWED, DONE) as server:
        await asyncio.to_thread(call, server.address)
    assert [headers.get("authorization") for headers in server.headers] == ["Bearer old", None, "Bearer new"]


async def test_a_refresh_without_an_answer_is_sent_again_as_the_same(file: Path) -> None:
    put(file)
    async with standing_in(ENDED, DOWN) as server, Client(server.address, token=TokenStore(file)) as client:
        with pytest.raises(YoyakuError):
            await client.within(0.5).get_appointment("a")
        first = server.requests[1:]
    # Another process finds the sign-in as the one before has left it.
    async with standing_in(DOWN, RENEWED, DONE) as server, Client(server.address, token=TokenStore(file)) as client:
        put(file, ends_at=0)
        await client.get_appointment("a")
        again = server.requests[:2]
    assert len(first) > 1
    assert {(each.refresh_token, each.request_id) for each in (*first, *again)} == {("first", first[0].request_id)}
    assert len(first[0].request_id) == 36
    assert kept(file)["request_id"] == ""


async def test_a_session_that_has_ended_is_forgotten(file: Path) -> None:
    put(file)
    put(file, "elsewhere")
    over = failure(grpc.StatusCode.UNAUTHENTICATED, "SESSION_ENDED")
    async with standing_in(ENDED, over) as server, Client(server.address, token=TokenStore(file)) as client:
        with pytest.raises(Unauthenticated) as info:
            await client.get_appointment("a")
    assert info.value.reason == "SESSION_ENDED"
    assert (kept(file), kept(file, "elsewhere")["refresh_token"]) == (None, "first")


@pytest.mark.parametrize("content", ["", "[]", "no json", '{"": {"of": "another version"}}'])
async def test_a_file_that_cannot_be_used_is_as_none(file: Path, content: str) -> None:
    write(file, content)
    async with standing_in(DONE) as server, Client(server.address, token=TokenStore(file)) as client:
        with pytest.raises(Unauthenticated):
            await client.get_appointment("a")
    assert server.requests == []


async def test_an_admin_cares_for_accounts_and_displays(people: People) -> None:
    admins = await people.scene.worker.parts.tokens.issue(await people.scene.book.account("admin"))
    async with Client(address(people), token=admins) as admin, Client(address(people), token=TokenStore()) as other:
        staff = AccountRole.ACCOUNT_ROLE_STAFF
        invited = await admin.invite_account(email=EMAIL, role=staff, clinic_ids=[people.scene.clinic_id])
        await other.set_password(invited.set_password_token, PASSWORD)
        await other.login(EMAIL, PASSWORD)
        await other.change_password(PASSWORD, "another long one")
        pairing = await other.pair_display()
        shown = (await other.confirm_display(pairing.pairing_code, clinic_id=people.scene.clinic_id, name="A")).display
        assert list((await other.list_displays(people.scene.clinic_id)).displays) == [shown]
        assert (await other.exchange_device_token(pairing.device_token)).account_id == shown.id
        await other.revoke_display(shown.id)
        assert not (await other.list_displays(people.scene.clinic_id)).displays
        service = await admin.create_service_account(name="Laboratory", all_clinics=True)
        await admin.disable_account(service.account_id)
        reset = await admin.reset_password(invited.account_id)
        await other.set_password(reset.set_password_token, PASSWORD)
        first = await other.login(EMAIL, PASSWORD)
        assert (await other.refresh_token(first.refresh_token)).refresh_token


def test_every_call_that_is_answered_once_is_a_method_of_both_clients() -> None:
    methods = {re.sub(r"(?<!^)(?=[A-Z])", "_", method.partition("/")[2]).lower() for method in METHODS}
    # Streams, and what machines ask, are no methods.
    missing = methods - {"watch_slots", "watch_appointments", "get_signing_keys"}
    assert missing - set(dir(Client)) == missing - set(dir(BlockingClient)) == set()


async def test_calls_by_link_need_a_link_and_no_sign_in(people: People, clock: Clock) -> None:
    async with Client(address(people)) as client:
        for call in (
            client.get_appointment_by_link("invented"),
            client.confirm_appointment_by_link("invented"),
            client.cancel_appointment_by_link("invented"),
            client.list_slots_by_link("invented", clock().date()),
            client.reschedule_by_link("invented", clock() + timedelta(days=1)),
            client.check_in_by_link("invented"),
        ):
            with pytest.raises(Refused) as refused:
                await call
            assert refused.value.reason == "LINK_INVALID"


async def test_a_system_gets_its_tokens_for_its_credential(people: People, clock: Clock) -> None:
    request = auth_service_pb2.CreateServiceAccountRequest(name="Laboratory", all_clinics=True)
    made = await people.admin(people.admin.auth.CreateServiceAccount, request)
    async with Client(address(people), token=DeviceToken(made.device_token)) as client:
        assert (await client.list_clinics()).clinics
        clock.advance(timedelta(minutes=15))
        assert (await client.list_clinics()).clinics


async def test_commands_go_on_for_who_has_signed_in(people: People, file: Path, clock: Clock) -> None:
    await people.join()
    shell = Shell(address(people), sign_ins=file)
    wrong = await shell("login", EMAIL, typed="not the password\n")
    assert (wrong.code, wrong.err.count("\n")) == (1, 1)
    assert "the email or the password is wrong" in wrong.err
    signed_in = await shell("login", EMAIL, typed=f"{PASSWORD}\n")
    assert (signed_in.code, signed_in.out) == (0, f"signed in at {shell.address}\n")
    # The patient is the one who has signed in.
    booked = await shell("book", "mori", "2026-03-03T10:00")
    assert "Sato Ken" in booked.out, booked.err
    # Five processes find an ended token: one of them refreshes it.
    put(file, shell.address, ends_at=0)
    ended = await asyncio.gather(*(shell("clinics") for _ in range(5)))
    assert [each.code for each in ended] == [0] * 5, [each.err for each in ended]
    assert await refreshes(people) == 1
    refresh_token = kept(file, shell.address)["refresh_token"]
    assert (await shell("logout")).code == 0
    assert (await shell("clinics")).code == 1
    with pytest.raises(Exception, match="SESSION_ENDED"):
        await people.refresh(refresh_token)


async def test_a_token_of_the_environment_goes_before_a_sign_in(people: People, file: Path) -> None:
    put(file, address(people))
    token = await people.scene.worker.parts.tokens.issue(await people.scene.book.account("admin"))
    shell = Shell(address(people), token or "", sign_ins=file)
    assert (await shell("clinics")).code == 0


def test_the_file_is_made_with_its_rights_whatever_the_umask(file: Path) -> None:
    before = os.umask(0)
    try:
        asyncio.run(TokenStore(file).save(RENEWED))
    finally:
        os.umask(before)
    assert rights(file) == 0o600
