"""A reader that stops reading, in a real worker process: what it costs the worker, and the readers beside it."""

import asyncio
import os
import resource
import time
from pathlib import Path
from statistics import median
from typing import Any

import grpc
import pytest

from tests.fixtures.watching import Reader, watch
from tests.fixtures.worker import Client, Refusal
from tests.fixtures.workers import Fleet
from tests.live.model import DAYS
from yoyaku.v1 import appointment_service_pb2 as pb

SECONDS = float(os.environ.get("STALL_SECONDS", "8"))
"""How long the reader does not read."""
WARM_CHANGES = 100
MOST_GROWTH = 2_000_000
"""Bytes that the worker may grow by."""
LEAST_WEIGHT = 3 * MOST_GROWTH
"""Bytes that must pass the reader by."""
SMALL_WINDOW = [("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 65_536)]
"""The transport of a reader takes 64 kB, and not more until someone reads them."""
ENDED_SECONDS = 8.0
"""Longer than a worker that waits three seconds needs to notice."""


@pytest.fixture(autouse=True)
def patient_workers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """For how long the workers wait for a reader: here longer than it stalls, unless a test says otherwise."""
    seconds = getattr(request, "param", 10 * SECONDS)
    monkeypatch.setenv("YOYAKU_STALLED_READER_SECONDS", str(seconds))


class Changes:
    """Changes of a day, by way of one worker, followed by a reader of another: books a slot, cancels it, and again."""

    def __init__(self, writer: Client, reader: Reader, where: dict[str, Any]) -> None:
        self._writer, self._reader, self._where = writer, reader, where
        self._booked = ""
        self.revision = 0
        self.bytes = 0
        """Of all days that the reader got."""

    async def one(self) -> float:
        """Make a change; the seconds from its answer, at most, until the reader has it."""
        writer = self._writer.appointments
        if self._booked:
            cancel = pb.CancelAppointmentRequest(appointment_id=self._booked)
            self.revision = (await self._writer(writer.CancelAppointment, cancel, 20)).revision
            self._booked = ""
        else:
            made = await self._writer(writer.CreateAppointment, pb.CreateAppointmentRequest(**self._where), 20)
            self._booked, self.revision = made.appointment.id, made.revision
        answered = time.monotonic()
        day = await self._reader.day(self._where["doctor_id"], lambda day: day.revision >= self.revision)
        self._reader.messages.clear()
        self.bytes += day.ByteSize()
        return time.monotonic() - answered


def resident_bytes(pid: int) -> int:
    """Memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()


async def test_a_reader_that_does_not_read_costs_bounded_memory_and_delays_nobody(fleet: Fleet) -> None:
    clinic_id = await fleet.book.clinic("UTC")
    doctor_id = await fleet.book.doctor(clinic_id, [("00:00", "23:55")], minutes=5)
    where = {"doctor_id": doctor_id, "date": DAYS[0], "time_slot": "12:00", "patient_id": await fleet.book.patient()}
    keeping_up, writer = await fleet.clients("staff", clinic_ids=[clinic_id])
    async with (
        grpc.aio.insecure_channel(fleet.addresses[0], options=SMALL_WINDOW) as channel,
        watch(keeping_up, doctor_id, date=DAYS[0]) as reader,
    ):
        await reader.day(doctor_id, lambda _: True)
        changes = Changes(writer, reader, where)
        alone = [await changes.one() for _ in range(WARM_CHANGES)]

        stuck: Any = Client(channel, "").schedules.WatchSlots(reader.request, metadata=keeping_up.metadata)
        held = [(await stuck.read()).day.revision]
        for _ in range(WARM_CHANGES):  # until what is on the way to it is full
            await changes.one()
        before, began, changes.bytes = resident_bytes(fleet.processes[0].pid), time.monotonic(), 0
        beside = []
        while time.monotonic() - began < SECONDS or changes.bytes < LEAST_WEIGHT:
            beside.append(await changes.one())
        growth = resident_bytes(fleet.processes[0].pid) - before
        print(  # noqa: T201  # shown by -s
            f"{len(beside)} changes, {changes.bytes / 1e6:.1f} MB, not read: the worker grew by {growth / 1e6:.2f} MB;"
            f" another reader had them in {median(beside) * 1e3:.1f} ms, {median(alone) * 1e3:.1f} ms before"
        )
        assert growth < MOST_GROWTH
        assert median(beside) < 3 * median(alone) + 0.1  # one that waited for the other would wait for seconds

        # It had stopped indeed: most days passed it by. The newest still waits for it.
        while held[-1] != changes.revision:
            held.append((await stuck.read()).day.revision)
        assert len(held) < WARM_CHANGES
        assert held == sorted(held)
        stuck.cancel()


async def all_of(stream: Any) -> None:
    while await stream.read() is not grpc.aio.EOF:
        pass


@pytest.mark.parametrize("patient_workers", [3.0], indirect=True)
async def test_a_reader_that_takes_nothing_is_ended_and_one_that_takes_little_is_not(fleet: Fleet) -> None:
    clinic_id = await fleet.book.clinic("UTC")
    doctor_id = await fleet.book.doctor(clinic_id, [("00:00", "23:55")], minutes=5)
    where = {"doctor_id": doctor_id, "date": DAYS[0], "time_slot": "12:00", "patient_id": await fleet.book.patient()}
    watcher, writer = await fleet.clients("staff", clinic_ids=[clinic_id])
    options = [*SMALL_WINDOW, ("grpc.use_local_subchannel_pool", 1)]
    async with (
        grpc.aio.insecure_channel(fleet.addresses[0], options=options) as one,
        grpc.aio.insecure_channel(fleet.addresses[0], options=options) as other,
        watch(watcher, doctor_id, date=DAYS[0]) as reader,
    ):
        stubs: Any = [Client(channel, "").schedules for channel in (one, other)]
        stuck, slow = (stub.WatchSlots(reader.request, metadata=watcher.metadata) for stub in stubs)
        changes, read = Changes(writer, reader, where), 0
        await reader.day(doctor_id, lambda _: True)
        await asyncio.gather(stuck.read(), slow.read())
        began = time.monotonic()
        while time.monotonic() - began < ENDED_SECONDS or not read:
            for _ in range(20):
                await changes.one()
            if time.monotonic() - began > (read + 1) * 0.5:
                for _ in range(5):  # of the eight that are on the way to it
                    await slow.read()
                read += 1
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await asyncio.wait_for(all_of(stuck), 10)
        assert Refusal.of(ended.value).reason == "DEADLINE_PASSED"
        async with asyncio.timeout(10):
            while (await slow.read()).day.revision != changes.revision:
                pass
