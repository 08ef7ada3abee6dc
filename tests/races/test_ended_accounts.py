"""What one worker ends, the others refuse and end."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial

import pytest

from tests.fixtures.book import Book
from tests.fixtures.waiting import until
from tests.fixtures.watching import watch
from tests.fixtures.worker import Client, Refusal
from tests.fixtures.workers import Fleet
from yoyaku.v1 import auth_service_pb2, directory_service_pb2

SECONDS = 15.0
"""Workers look every two; the rest is for a busy machine."""
STREAM_SECONDS = 5.0


async def test_a_token_of_a_disabled_account_is_refused_by_every_worker_within_seconds(
    fleet: Fleet, book: Book
) -> None:
    admin, *_ = await fleet.clients("admin")
    account_id = await book.account("staff", clinic_ids=[await book.clinic()])
    staff = await fleet.clients_of(account_id)
    for client in staff:
        assert await reason(client) == ""
    await admin(admin.auth.DisableAccount, auth_service_pb2.DisableAccountRequest(account_id=account_id))
    assert [await until(partial(reason, client), SECONDS) for client in staff] == ["TOKEN_INVALID"] * len(staff)


async def reason(client: Client) -> str:
    """Why a call is refused, or nothing if it is not."""
    try:
        await client(client.directory.ListClinics, directory_service_pb2.ListClinicsRequest())
    except Refusal as refused:
        return refused.reason
    return ""


async def disabled(fleet: Fleet, account_id: str) -> None:
    [admin, *_] = await fleet.clients("admin")
    await admin(admin.auth.DisableAccount, auth_service_pb2.DisableAccountRequest(account_id=account_id))


async def without_its_clinics(fleet: Fleet, account_id: str) -> None:
    await fleet.book.run("UPDATE accounts SET clinic_ids = '{}' WHERE id = %s", account_id)


async def of_another_role(fleet: Fleet, account_id: str) -> None:
    await fleet.book.run("UPDATE accounts SET roles = '{patient}' WHERE id = %s", account_id)


async def with_a_reset_password(fleet: Fleet, account_id: str) -> None:
    [admin, *_] = await fleet.clients("admin")
    await admin(admin.auth.ResetPassword, auth_service_pb2.ResetPasswordRequest(account_id=account_id))


@pytest.mark.parametrize("change", [disabled, without_its_clinics, of_another_role, with_a_reset_password])
async def test_streams_of_an_account_end_on_every_worker_within_seconds(
    fleet: Fleet, book: Book, change: Callable[[Fleet, str], Awaitable[None]]
) -> None:
    clinic_id = await book.clinic()
    doctor_id = await book.doctor(clinic_id)
    account_id, other_id = [await book.account("staff", clinic_ids=[clinic_id]) for _ in range(2)]
    async with AsyncExitStack() as stack:
        ended, staying = [
            [await stack.enter_async_context(watch(client, doctor_id)) for client in await fleet.clients_of(account_id)]
            for account_id in (account_id, other_id)
        ]
        for reader in (*ended, *staying):
            await reader.day(doctor_id, lambda _: True)
        await change(fleet, account_id)
        for reader in ended:
            await reader.until(lambda reader: reader.ended, STREAM_SECONDS)
            assert reader.closing() == "TOKEN_REVOKED"
        assert not [reader for reader in staying if reader.ended]


async def test_streams_of_a_revoked_display_end_on_every_worker_within_seconds(fleet: Fleet, book: Book) -> None:
    clinic_id = await book.clinic()
    doctor_id = await book.doctor(clinic_id)
    display_id = await book.account("display", clinic_ids=[clinic_id])
    await book.run("INSERT INTO credentials VALUES ('x', %s, 'Waiting room', now())", display_id)
    [staff, *_] = await fleet.clients("staff", clinic_ids=[clinic_id])
    async with AsyncExitStack() as stack:
        readers = [
            await stack.enter_async_context(watch(client, doctor_id)) for client in await fleet.clients_of(display_id)
        ]
        for reader in readers:
            await reader.day(doctor_id, lambda _: True)
        await staff(staff.auth.RevokeDisplay, auth_service_pb2.RevokeDisplayRequest(display_id=display_id))
        for reader in readers:
            await reader.until(lambda reader: reader.ended, STREAM_SECONDS)
            assert reader.closing() == "TOKEN_REVOKED"
