"""Writers and readers of one clinic, and what must hold: versions only rise, and in the end all readers agree."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc

from tests.fixtures.worker import Client, Refusal
from tests.fixtures.workers import Fleet
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1.schedule_pb2 import ScheduleDay, Session, SlotState
from yoyaku.v1.schedule_service_pb2 import (
    ListAvailableSlotsRequest,
    SetWorkingHoursRequest,
    WatchSlotsRequest,
)

AGREE_SECONDS = 30.0
DAYS = [f"{datetime.now(UTC) + timedelta(days=number):%Y-%m-%d}" for number in (7, 8)]
WEEK: Any = range(1, 8)
_HOURS = [f"{hour:02}:{minute:02}" for hour in range(8, 18) for minute in (0, 30)]

Known = dict[tuple[str, str], tuple[int, int]]
"""The newest (epoch, revision) that a reader has, by doctor and date."""


@dataclass
class Town:
    """Who there is, and what was seen."""

    fleet: Fleet
    doctors: list[str]
    patients: list[str]
    staff: list[Client]
    clinic: str
    written: int = 0
    restarts: int = 0
    held: list[dict[tuple[str, str], ScheduleDay]] = field(default_factory=list)
    """The newest day that each reader has, by doctor and date."""
    stopped: asyncio.Event = field(default_factory=asyncio.Event)

    async def write(self, seed: int) -> None:
        """Book, cancel, move and set hours at random until stopped; refusals and lost workers are part of life."""
        chance = random.Random(seed)
        booked: list[str] = []
        while not self.stopped.is_set():
            with suppress(Refusal):
                await self._change(chance, booked)
                self.written += 1
            await asyncio.sleep(chance.uniform(0, 0.05))

    async def _change(self, chance: random.Random, booked: list[str]) -> None:
        client, doctor = chance.choice(self.staff), chance.choice(self.doctors)
        where: dict[str, Any] = {"doctor_id": doctor, "date": chance.choice(DAYS), "time_slot": chance.choice(_HOURS)}
        what = chance.random()
        if what < 0.05:
            end = chance.choice(("16:00", "18:00"))
            week = [Session(weekday=day, start="08:00", end=end, slot_minutes=30) for day in WEEK]
            request = SetWorkingHoursRequest(doctor_id=doctor, valid_from=DAYS[0], sessions=week)
            await client(client.schedules.SetWorkingHours, request)
        elif what < 0.3 and booked:
            cancel = pb.CancelAppointmentRequest(appointment_id=booked.pop(chance.randrange(len(booked))))
            await client(client.appointments.CancelAppointment, cancel)
        elif what < 0.45 and booked:
            move = pb.RescheduleAppointmentRequest(appointment_id=chance.choice(booked), **where)
            await client(client.appointments.RescheduleAppointment, move)
        else:
            create = pb.CreateAppointmentRequest(patient_id=chance.choice(self.patients), **where)
            booked.append((await client(client.appointments.CreateAppointment, create)).appointment.id)

    async def read(self, seed: int, *, slow: bool) -> None:
        """Watch one day of the clinic until cancelled: now on one worker, now on the other."""
        chance, known = random.Random(seed), Known()
        held: dict[tuple[str, str], ScheduleDay] = {}
        self.held.append(held)
        while True:
            with suppress(grpc.aio.AioRpcError, TimeoutError):
                await self._read_one(chance, DAYS[seed % 2], known, held, slow=slow)
            self.restarts += 1
            await asyncio.sleep(0.05)

    async def _read_one(
        self, chance: random.Random, date: str, known: Known, held: dict[tuple[str, str], ScheduleDay], *, slow: bool
    ) -> None:
        client = chance.choice(self.staff)
        request = WatchSlotsRequest(clinic_id=self.clinic, date=date)
        in_stream = Known()
        seconds = None if self.stopped.is_set() else chance.uniform(0.5, 4)
        async with asyncio.timeout(seconds):
            call = client.schedules.WatchSlots(request, metadata=client.metadata)
            async for message in call:
                if not message.HasField("day"):
                    continue
                day = message.day
                key, version = (day.doctor_id, day.date), (day.epoch, day.revision)
                assert version >= in_stream.get(key, (0, 0)), f"{key} fell from {in_stream[key]} to {version}"
                in_stream[key] = version
                if version >= known.get(key, (0, 0)):
                    known[key], held[key] = version, day
                if slow:
                    await asyncio.sleep(chance.uniform(0, 0.2))

    async def agree_within(self, seconds: float) -> str:
        """Wait until there is no disagreement; what is left of it."""
        until = asyncio.get_running_loop().time() + seconds
        while True:
            lie = await self.disagreement()
            if not lie or asyncio.get_running_loop().time() > until:
                return lie
            await asyncio.sleep(0.1)

    async def disagreement(self) -> str:
        """What some reader has otherwise than ListAvailableSlots gives it, or nothing."""
        for date in DAYS:
            for doctor in self.doctors:
                asked = ListAvailableSlotsRequest(doctor_id=doctor, date=date)
                # Of both workers, since neither may lie.
                for client in self.staff:
                    answer = await client(client.schedules.ListAvailableSlots, asked)
                    told = {slot.time_slot: slot.seats_free for slot in answer.slots}
                    for number, held in enumerate(self.held):
                        if DAYS[number % 2] != date:
                            continue
                        day = held.get((doctor, date))
                        if day is None or (day.epoch, day.revision) != (answer.epoch, answer.revision):
                            return f"reader {number} has {day and day.revision} instead of {answer.revision} of {date}"
                        seen = {s.time_slot: s.seats_free for s in day.slots if s.state == SlotState.SLOT_STATE_FREE}
                        if seen != told:
                            return f"reader {number} sees {seen} instead of {told} of {date}"
        return ""


async def found(fleet: Fleet) -> Town:
    """A clinic of three doctors."""
    clinic = await fleet.book.clinic("Etc/UTC")
    doctors = [await fleet.book.doctor(clinic, [("08:00", "18:00")]) for _ in range(3)]
    patients = [await fleet.book.patient() for _ in range(20)]
    return Town(fleet, doctors, patients, await fleet.clients("staff", clinic_ids=[clinic]), clinic)


async def check(fleet: Fleet, trouble: Callable[[], Awaitable[None]], *, seconds: float) -> Town:
    """Let the town live for some seconds, with trouble in the middle; AssertionError if a reader was told a lie."""
    town = await found(fleet)
    writers = [asyncio.create_task(town.write(seed)) for seed in range(4)]
    readers = [asyncio.create_task(town.read(seed, slow=seed % 4 == 0)) for seed in range(12)]
    try:
        await asyncio.sleep(seconds / 2)
        await trouble()
        await asyncio.sleep(seconds / 2)
        town.stopped.set()
        await asyncio.gather(*writers)
        lie = await town.agree_within(AGREE_SECONDS)
        assert not lie, lie
    finally:
        for task in (*writers, *readers):
            task.cancel()
        ended = await asyncio.gather(*readers, return_exceptions=True)
    assert [each for each in ended if not isinstance(each, asyncio.CancelledError)] == []
    return town
