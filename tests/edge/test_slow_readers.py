"""Readers that hardly read: what they cost those who follow the same days through the same Envoy."""

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import grpc
import pytest

from db.postgres.cluster.engines import create_engine
from tests.edge.clinic import Stack
from tests.edge.envoys import Edge
from tests.fixtures.book import Book, Clock
from yoyaku.v1.appointment_service_pb2 import CancelAppointmentRequest, CreateAppointmentRequest
from yoyaku.v1.appointment_service_pb2_grpc import AppointmentServiceStub
from yoyaku.v1.schedule_service_pb2 import WatchSlotsRequest
from yoyaku.v1.schedule_service_pb2_grpc import ScheduleServiceStub

COUNTS = [int(count) for count in os.environ.get("SLOW_READERS", "20").split(",")]
"""How many slow readers; 0,2,6,20,200 makes the table of docs/live.md."""
DOCTORS = 20
READERS = 8
ROUNDS = int(os.environ.get("SLOW_ROUNDS", "40"))
"""In each of which the day of every doctor changes: 100 kB for each reader."""
PATIENCE_SECONDS = 45
MOST_SECONDS = 5
"""Far more than it takes on a busy machine, far less than it took when slow readers used up a shared window."""


@pytest.fixture(scope="module")
def doctors(stack: Stack) -> list[str]:
    """Doctors with 288 slots a day, so that the days of the clinic fill every window on their way."""

    async def add() -> list[str]:
        engine = create_engine(stack.environment["YOYAKU_DATABASE_URL"], size=1, wait_seconds=5, application="tests")
        book = Book(engine, Clock())
        made = [await book.doctor(stack.clinic.clinic, [("00:00", "23:55")], minutes=5) for _ in range(DOCTORS)]
        await engine.dispose()
        return made

    return asyncio.run(add())


@asynccontextmanager
async def slow_reader_of_events(edge: Edge, stack: Stack) -> AsyncIterator[None]:
    """Server-sent events of the whole clinic, read a byte a second through the smallest window that there is."""
    host, port = target(edge).split(":")
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        connection.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(connection, (host, int(port)))
        path = f"/api/schedules/slots:watch?clinic_id={stack.clinic.clinic}&date={stack.clinic.day}"
        head = f"GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {stack.clinic.tokens['system']}\r\n\r\n"
        await loop.sock_sendall(connection, head.encode())
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await loop.sock_recv(connection, 12) == b"HTTP/1.1 200"

        async def read() -> None:
            while await loop.sock_recv(connection, 1):  # noqa: ASYNC110  # it is not polling, but slow
                await asyncio.sleep(1)

        reading = asyncio.create_task(read())
        yield
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


@asynccontextmanager
async def slow_reader_of_messages(edge: Edge, stack: Stack) -> AsyncIterator[None]:
    """gRPC, the first message read and no more: its transport takes 64 kB until someone reads them."""
    options = [
        ("grpc.http2.bdp_probe", 0),
        ("grpc.http2.lookahead_bytes", 65_536),
        ("grpc.use_local_subchannel_pool", 1),
    ]
    async with grpc.aio.insecure_channel(target(edge), options=options) as channel:
        request = WatchSlotsRequest(clinic_id=stack.clinic.clinic, date=stack.clinic.day)
        metadata = (("authorization", f"Bearer {stack.clinic.tokens['system']}"),)
        watch: Any = ScheduleServiceStub(channel).WatchSlots(request, metadata=metadata)
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert (await watch.read()).day.doctor_id
        yield
        watch.cancel()


def target(edge: Edge) -> str:
    """Where gRPC finds the edge."""
    return edge.url.removeprefix("http://")


class FastReader:
    """Follows the whole clinic over a connection of its own."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.revisions: dict[str, int] = {}
        self.arrived = asyncio.Event()

    async def read(self, edge: Edge) -> None:
        clinic = self._stack.clinic
        async with grpc.aio.insecure_channel(target(edge)) as channel:
            request = WatchSlotsRequest(clinic_id=clinic.clinic, date=clinic.day)
            metadata = (("authorization", f"Bearer {clinic.tokens['staff']}"),)
            watch: Any = ScheduleServiceStub(channel).WatchSlots(request, metadata=metadata)
            async for message in watch:
                if message.HasField("day"):
                    self.revisions[message.day.doctor_id] = message.day.revision
                    self.arrived.set()

    async def has(self, doctor: str, revision: int) -> float:
        while self.revisions.get(doctor, -1) < revision:
            self.arrived.clear()
            await self.arrived.wait()
        return time.monotonic()


async def delays(edge: Edge, stack: Stack, doctors: list[str], slow: int) -> tuple[float, list[float]]:
    """Seconds until the fast readers had their first days, and from each round of changes until all of them had it."""
    async with AsyncExitStack() as exits:
        for number in range(slow):
            kind = (slow_reader_of_messages, slow_reader_of_events)[number % 2]
            await exits.enter_async_context(kind(edge, stack))
        began = time.monotonic()
        readers = [FastReader(stack) for _ in range(READERS)]
        async with asyncio.TaskGroup() as group:
            reading = [group.create_task(reader.read(edge)) for reader in readers]
            async with asyncio.timeout(PATIENCE_SECONDS):
                first = max(await asyncio.gather(*(each.has(doctor, 0) for each in readers for doctor in doctors)))
            changes = Changes(await exits.enter_async_context(grpc.aio.insecure_channel(target(edge))), stack)
            found = []
            for _ in range(ROUNDS):
                made = await asyncio.gather(
                    *(changes.one(doctor, f"{number:02}:15") for number, doctor in enumerate(doctors))
                )
                answered = time.monotonic()
                async with asyncio.timeout(PATIENCE_SECONDS):
                    arrived = await asyncio.gather(*(each.has(*change) for each in readers for change in made))
                found.append(max(0.0, max(arrived) - answered))
            for task in reading:
                task.cancel()
    return first - began, sorted(found)


class Changes:
    """Books a slot of a doctor's day, and cancels it when it is that doctor's turn again."""

    def __init__(self, channel: grpc.aio.Channel, stack: Stack) -> None:
        self._appointments: Any = AppointmentServiceStub(channel)
        self._clinic = stack.clinic
        self._metadata = (("authorization", f"Bearer {stack.clinic.tokens['staff']}"),)
        self._booked: dict[str, str] = {}
        self._few = asyncio.Semaphore(8)  # fewer than Envoy lets in on the busiest machine

    async def one(self, doctor: str, time_slot: str) -> tuple[str, int]:
        """The doctor and the revision of the day that it made."""
        async with self._few:
            if booked := self._booked.pop(doctor, ""):
                cancel = CancelAppointmentRequest(appointment_id=booked)
                answer = await self._appointments.CancelAppointment(cancel, metadata=self._metadata, timeout=20)
            else:
                create = CreateAppointmentRequest(
                    doctor_id=doctor, patient_id=self._clinic.patient, date=self._clinic.day, time_slot=time_slot
                )
                answer = await self._appointments.CreateAppointment(create, metadata=self._metadata, timeout=20)
                self._booked[doctor] = answer.appointment.id
        return doctor, answer.revision


@pytest.mark.parametrize("slow", COUNTS)
async def test_readers_that_take_a_byte_a_second_delay_nobody_else(
    edge: Edge, stack: Stack, doctors: list[str], slow: int
) -> None:
    first, found = await delays(edge, stack, doctors, slow)
    middle, worst = found[len(found) // 2], found[-1]
    print(f"| {slow} | {first * 1e3:,.0f} ms | {middle * 1e3:,.1f} ms | {worst * 1e3:,.0f} ms |")  # noqa: T201  # by -s
    assert worst < MOST_SECONDS
    assert first < MOST_SECONDS
