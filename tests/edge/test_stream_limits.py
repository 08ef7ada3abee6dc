"""How many streams Envoy's callers may have open, whatever their headers claim."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import grpc
import httpx
import pytest

from server.config import Settings
from server.domain import stream_limits
from server.domain.identity import Role
from server.wiring import wired
from tests.edge.answers import error, reason
from tests.edge.clinic import Stack
from tests.edge.envoys import Edge
from tests.fixtures.book import Book, Clock
from yoyaku.v1.schedule_service_pb2 import WatchSlotsRequest
from yoyaku.v1.schedule_service_pb2_grpc import ScheduleServiceStub

OF_SYSTEM = stream_limits.OF_ACCOUNT[Role.SYSTEM]
SYSTEMS = stream_limits.OF_ADDRESS // OF_SYSTEM + 1
WATCH = "/api/schedules/slots:watch"


@pytest.fixture
async def tokens(stack: Stack) -> AsyncIterator[list[str]]:
    """Of hospital systems, which together may have more streams than an address."""
    settings: dict[str, Any] = {
        name.removeprefix("YOYAKU_").lower(): value for name, value in stack.environment.items()
    }
    async with wired(Settings(**settings)) as parts:
        book = Book(parts.engine, Clock())
        accounts = [await book.account("system", clinic_ids=[stack.clinic.clinic]) for _ in range(SYSTEMS)]
        yield [str(await parts.tokens.issue(each)) for each in accounts]


async def test_neither_an_account_nor_an_address_gets_more_by_what_its_headers_claim(
    edge: Edge, stack: Stack, tokens: list[str]
) -> None:
    request = WatchSlotsRequest(doctor_ids=[stack.clinic.doctor], date=stack.clinic.day)
    numbers = iter(range(1, 10_000))

    def claims(token: str) -> dict[str, str]:
        address = f"203.0.{next(numbers) >> 8}.{next(numbers) & 255}"
        return {"authorization": f"Bearer {token}", "x-forwarded-for": address, "x-envoy-external-address": address}

    def watched(token: str, source: str = "127.0.0.1") -> httpx.Response:
        with httpx.Client(base_url=edge.url, transport=httpx.HTTPTransport(local_address=source)) as http:
            query = {"doctor_ids": stack.clinic.doctor, "date": stack.clinic.day}
            with http.stream("GET", WATCH, params=query, headers=claims(token)) as answer:
                if answer.status_code != 200:
                    answer.read()
                return answer

    held: list[Any] = []
    async with AsyncExitStack() as exits:
        for token in tokens[:-1]:  # a connection may have only so many streams, too
            channel = await exits.enter_async_context(
                grpc.aio.insecure_channel(
                    edge.url.removeprefix("http://"), options=[("grpc.use_local_subchannel_pool", 1)]
                )
            )
            watches: list[Any] = [
                ScheduleServiceStub(channel).WatchSlots(request, metadata=tuple(claims(token).items()))
                for _ in range(OF_SYSTEM)
            ]
            held += watches  # a call that nobody holds ends
            for watch in watches:
                assert (await watch.read()).day.doctor_id == stack.clinic.doctor
        for token, limit in ((tokens[0], OF_SYSTEM), (tokens[-1], stream_limits.OF_ADDRESS)):
            answer = watched(token)
            assert (answer.status_code, reason(answer)) == (429, "TOO_MANY_STREAMS")
            assert f"has {limit:,} ".replace(",", "") in error(answer)["message"]
        assert watched(tokens[-1], source="127.0.0.9").status_code == 200
