"""Pages as a browser gets them: from Envoy, with a worker behind it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import grpc
import httpx
import pytest_asyncio
from playwright.async_api import Browser

from db.postgres.cluster.engines import create_engine
from server.config import Settings, load
from server.wiring import wired
from tests.edge.clinic import Stack
from tests.edge.conftest import edge, stack  # noqa: F401  # fixtures
from tests.edge.envoys import Edge
from tests.fixtures.book import Book, Clock
from tests.fixtures.browser import chromium
from tests.web.practice import Practice, opened_practice
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1.appointment_service_pb2_grpc import AppointmentServiceStub


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def practice(stack: Stack, edge: Edge) -> AsyncIterator[Practice]:  # noqa: F811  # the fixtures
    async with opened_practice(stack, edge) as practice:
        yield practice


@dataclass(frozen=True)
class Room:
    """A clinic where it is about ten in the morning, and its staff's token."""

    edge: Edge
    time_zone: str
    clinic_id: str
    doctor_ids: list[str]
    patient_id: str
    token: str
    elsewhere: str
    """The token of a display of another clinic."""
    shared: "Room | None" = None
    """A clinic next door with one doctor, and the token of staff of both, whose screens show both."""

    @property
    def today(self) -> str:
        return datetime.now(ZoneInfo(self.time_zone)).date().isoformat()

    async def book(self, time_slot: str) -> None:
        """Book a slot of the first doctor over gRPC."""
        request = pb.CreateAppointmentRequest(
            patient_id=self.patient_id, doctor_id=self.doctor_ids[0], date=self.today, time_slot=time_slot
        )
        metadata = (("authorization", f"Bearer {self.token}"),)
        async with grpc.aio.insecure_channel(self.edge.url.removeprefix("http://")) as channel:
            await AppointmentServiceStub(channel).CreateAppointment(request, metadata=metadata, timeout=10)

    async def post(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        """What the server answers to staff, who must be permitted."""
        return await self._ask("POST", path, body)

    async def get(self, path: str) -> dict[str, Any]:
        """The same without a body."""
        return await self._ask("GET", path, {})

    async def put(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        """The same with another method."""
        return await self._ask("PUT", path, body)

    async def patch(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        """The same with another method."""
        return await self._ask("PATCH", path, body)

    async def _ask(self, method: str, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        async with httpx.AsyncClient(base_url=self.edge.url) as http:
            answer = await http.request(
                method, path, json=dict(body) or None, headers={"authorization": f"Bearer {self.token}"}
            )
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(stack: Stack, edge: Edge) -> Room:  # noqa: F811  # the fixtures
    now = datetime.now(UTC)
    ahead = (10 - now.hour + 12) % 24 - 12
    zone = f"Etc/GMT{-ahead:+d}"  # whose signs are those of POSIX
    settings = load(Settings, stack.environment)
    engine = create_engine(settings.database_url.get_secret_value(), size=2, wait_seconds=5, application="tests")
    book = Book(engine, Clock(now))
    clinic = await book.clinic(zone)
    doctors = sorted([await book.doctor(clinic, [("08:00", "18:00")]) for _ in range(2)])
    display = await book.account("display", clinic_ids=[await book.clinic(zone)])
    next_door = await book.clinic(zone)
    await book.run("UPDATE clinics SET name = 'Elm Clinic' WHERE id = %s", next_door)
    doctor_next_door = await book.doctor(next_door, [("08:00", "18:00")])
    of_both = await book.account("staff", clinic_ids=[clinic, next_door])
    patient, staff = await book.patient(), await book.account("staff", clinic_ids=[clinic])
    async with wired(settings) as parts:
        token, elsewhere, both = [await parts.tokens.issue(account) for account in (staff, display, of_both)]
    await engine.dispose()
    assert token
    assert elsewhere
    assert both
    shared = Room(edge, zone, next_door, [doctor_next_door], patient, both, elsewhere)
    return Room(edge, zone, clinic, doctors, patient, token, elsewhere, shared)
