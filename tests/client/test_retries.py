"""When a call is tried again, for how long, and what stays the same."""

import asyncio
import socket
import time
import uuid
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import grpc
import pytest
from google.protobuf.message import Message

from server.local.servers import certificate
from tests.client.stand_in import Answer, failure, outcome, retry_after, standing_in
from tests.fixtures.waiting import PATIENCE_SECONDS
from yoyaku import Client, DeadlineExceeded, EtagMismatch, InvalidRequest, Tls, Unauthenticated, Unavailable
from yoyaku.v1 import appointment_service_pb2 as pb

DONE = pb.GetAppointmentResponse(revision=3)
BOOKED = pb.CreateAppointmentResponse(revision=1)
DOWN = failure(grpc.StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE")
EXPIRED = failure(grpc.StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED")
ROUNDING = 0.05
"""Seconds: gRPC sends a deadline in few digits."""


@pytest.mark.parametrize(
    "passing",
    [
        DOWN,
        failure(grpc.StatusCode.UNAVAILABLE),
        failure(grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED"),
        failure(grpc.StatusCode.ABORTED, "TRANSACTION_CONFLICT"),
        failure(grpc.StatusCode.FAILED_PRECONDITION, "NEW_AND_PASSING", retry_after(0.01)),
    ],
)
async def test_what_passes_is_tried_again(passing: Answer) -> None:
    server, answer = await outcome([passing, passing, DONE])
    assert (answer, len(server.requests)) == (DONE, 3)
    assert all(later < sooner + ROUNDING for sooner, later in pairwise(server.remaining))


@pytest.mark.parametrize(
    ("lasting", "kind"),
    [
        (failure(grpc.StatusCode.ABORTED, "ETAG_MISMATCH"), EtagMismatch),
        (failure(grpc.StatusCode.RESOURCE_EXHAUSTED, "REQUEST_TOO_LARGE"), InvalidRequest),
        (failure(grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_PASSED"), DeadlineExceeded),
        (EXPIRED, Unauthenticated),
    ],
)
async def test_what_lasts_is_not(lasting: Answer, kind: type[Exception]) -> None:
    server, error = await outcome([lasting, DONE])
    assert (type(error), len(server.requests)) == (kind, 1)


async def test_the_deadline_ends_all_trying() -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):  # it would go on for ever
        server, error = await outcome([DOWN], deadline=0.4)
    assert isinstance(error, Unavailable)
    assert 2 <= len(server.requests) < 40
    assert max(server.remaining) <= 0.4 + ROUNDING
    assert all(later < sooner + ROUNDING for sooner, later in pairwise(server.remaining))


async def test_the_server_says_when_to_come_back() -> None:
    began = time.monotonic()
    _, answer = await outcome([failure(grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED", retry_after(0.3)), DONE])
    assert answer == DONE
    assert time.monotonic() - began >= 0.3


async def test_a_wish_beyond_the_deadline_is_not_waited_for() -> None:
    away = failure(grpc.StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE", retry_after(7_200))
    async with asyncio.timeout(PATIENCE_SECONDS):  # neither the wish nor the deadline would fit into it
        server, error = await outcome([away, DONE], deadline=3_600)
    assert isinstance(error, Unavailable)
    assert len(server.requests) == 1


async def test_a_write_is_sent_again_as_the_same_write() -> None:
    slot = {"patient_id": "p", "doctor_id": "d", "start": datetime(2026, 3, 3, 1, tzinfo=UTC)}
    async with standing_in(DOWN, BOOKED) as server, Client(server.address) as client:
        await client.create_appointment(**slot)  # type: ignore[arg-type]
        first, again = server.requests
        assert first == again
        assert uuid.UUID(first.request_id).version == 4
        await client.create_appointment(**slot)  # type: ignore[arg-type]
        await client.create_appointment(**slot, request_id="mine")  # type: ignore[arg-type]
    assert first.request_id != server.requests[2].request_id
    assert server.requests[3].request_id == "mine"


async def test_a_server_that_comes_back_within_the_deadline_is_found() -> None:
    async with standing_in(DONE) as server:
        address = server.address
    async with Client(address) as client:
        call = asyncio.create_task(client.get_appointment("a"))
        await asyncio.sleep(0.5)
        assert not call.done()
        async with standing_in(DONE, address=urlsplit(address).netloc):
            assert await call == DONE


async def test_each_call_has_the_clients_deadline_or_its_own() -> None:
    async with standing_in(DONE) as server, Client(server.address) as client:
        await client.get_appointment("a")
        await client.within(1.5).get_appointment("a")
        await client.get_appointment("a")
    assert server.remaining == [pytest.approx(seconds, abs=0.3) for seconds in (5, 1.5, 5)]
    assert server.headers[0]["user-agent"].startswith("yoyaku-python/")


async def test_a_hanging_server_ends_in_deadline_exceeded() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never speaks
        port = silent.getsockname()[1]
        async with Client(f"http://127.0.0.1:{port}", deadline=0.3) as client:
            with pytest.raises(DeadlineExceeded):
                await client.get_appointment("a")


@pytest.mark.parametrize("asynchronous", [True, False])
async def test_a_token_is_asked_for_anew_when_it_has_ended(asynchronous: bool) -> None:
    given: list[str] = []

    def plain() -> str:
        given.append(f"token-{len(given)}")
        return given[-1]

    async def awaited() -> str:
        await asyncio.sleep(0.01)
        return plain()

    async with (
        standing_in(DONE, EXPIRED, DONE) as server,
        Client(server.address, token=awaited if asynchronous else plain) as client,
    ):
        for _ in range(3):
            await client.get_appointment("a")
    sent = [headers["authorization"] for headers in server.headers]
    assert sent == ["Bearer token-0", "Bearer token-0", "Bearer token-1", "Bearer token-1"]


async def test_many_calls_share_one_new_token() -> None:
    given: list[str] = []

    async def token() -> str:
        given.append(f"token-{len(given)}")
        await asyncio.sleep(0.01)
        return given[-1]

    def judge(headers: dict[str, str]) -> Message:
        return EXPIRED if headers["authorization"].endswith("token-0") else DONE

    async with standing_in(judge) as server, Client(server.address, token=token) as client:
        await asyncio.gather(*(client.get_appointment("a") for _ in range(10)))
    assert given == ["token-0", "token-1"]


async def test_a_token_that_is_refused_again_is_an_error() -> None:
    given = iter(range(100))
    server, error = await outcome([EXPIRED], token=lambda: str(next(given)))
    assert isinstance(error, Unauthenticated)
    assert len(server.requests) == 2


async def test_tls_with_a_private_authority_and_a_client_certificate(tmp_path: Path) -> None:
    directory = certificate.keep(tmp_path)
    crt, key = directory / "tls.crt", directory / "tls.key"
    pems = crt.read_bytes(), key.read_bytes()
    credentials = grpc.ssl_server_credentials([(pems[1], pems[0])], pems[0], require_client_auth=True)
    async with standing_in(DONE, credentials=credentials) as server:
        async with Client(server.address, tls=Tls(crt, certificate=crt, private_key=key)) as client:
            assert await client.get_appointment("a") == DONE
        for tls in (Tls(crt), None):
            async with Client(server.address, tls=tls, deadline=1) as client:
                with pytest.raises(Unavailable):
                    await client.get_appointment("a")


@pytest.mark.parametrize("address", ["127.0.0.1:8080", "grpc://host:1", "http://", "https://host/api", "http://host:x"])
def test_an_address_says_whether_it_is_plaintext(address: str) -> None:
    with pytest.raises(ValueError, match=r"http://HOST:PORT for plaintext|Port"):
        Client(address)


def test_tls_settings_for_a_plaintext_address_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="use https"):
        Client("http://127.0.0.1:8080", tls=Tls())


async def test_a_closed_client_says_so() -> None:
    async with standing_in(DONE) as server:
        async with Client(server.address) as client:
            await client.get_appointment("a")
        with pytest.raises(RuntimeError, match="the client is closed"):
            await client.get_appointment("a")
