"""What one worker ends, the others refuse."""

import asyncio
import time

from tests.fixtures.book import Book
from tests.fixtures.worker import Client, Refusal
from tests.fixtures.workers import Fleet
from yoyaku.v1 import auth_service_pb2, directory_service_pb2

SECONDS = 15.0
"""Workers look every two; the rest is for a busy machine."""


async def test_a_token_of_a_disabled_account_is_refused_by_every_worker_within_seconds(
    fleet: Fleet, book: Book
) -> None:
    admin, *_ = await fleet.clients("admin")
    account_id = await book.account("staff", clinic_ids=[await book.clinic()])
    staff = await fleet.clients_of(account_id)
    for client in staff:
        assert await reason(client) == ""
    await admin(admin.auth.DisableAccount, auth_service_pb2.DisableAccountRequest(account_id=account_id))
    begin = time.monotonic()
    for client in staff:
        while (found := await reason(client)) == "":
            assert time.monotonic() - begin < SECONDS
            await asyncio.sleep(0.05)
        assert found == "TOKEN_INVALID"


async def reason(client: Client) -> str:
    """Why a call is refused, or nothing if it is not."""
    try:
        await client(client.directory.ListClinics, directory_service_pb2.ListClinicsRequest())
    except Refusal as refused:
        return refused.reason
    return ""
