"""A mixed day at two workers: where the days came from."""

import asyncio
import json
import random
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import grpc
from rich.table import Table

from server.local.processes.ports import HOST
from tests.bench import parts
from tests.bench.calls import CREATE, LIST, SLOTS
from tests.bench.clinic import Clinic
from yoyaku.v1.appointment_service_pb2 import CancelAppointmentRequest, CreateAppointmentResponse
from yoyaku.v1.schedule_service_pb2 import ListAvailableSlotsRequest

CANCEL = "/yoyaku.v1.AppointmentService/CancelAppointment"


_MIXED_CALLS = 6_000


_MIXED_AT_ONCE = 8


async def mixed(settings: Any, clinic: Clinic, token: str, scratch: Path) -> Table:
    """60 % slots, 25 % lists, 10 % bookings, 5 % cancels, by turns to two workers; where the days came from."""
    with ExitStack() as stack:
        ours = [parts.worker(stack, settings, scratch, f"mixed-{number}") for number in (1, 2)]
        channels = [grpc.aio.insecure_channel(f"{HOST}:{target.port}") for target in ours]
        await _day(clinic, token, channels)
        for channel in channels:
            await channel.close()
    lines = [line for number in (1, 2) for line in (scratch / f"mixed-{number}.log").read_text().splitlines()]
    counts = [json.loads(line) for line in lines if '"days served"' in line]
    places = {place: sum(each[place] for each in counts) for place in ("memory", "valkey", "database")}
    table = Table(title="Days of a mixed day, two workers, all caches empty at first", title_justify="left")
    for name in (*places, "hit rate"):
        table.add_column(name, justify="right")
    rate = 1 - places["database"] / sum(places.values())
    table.add_row(*(f"{count:,}" for count in places.values()), f"{rate:.1%}")
    return table


async def _day(clinic: Clinic, token: str, channels: list[grpc.aio.Channel]) -> None:
    chance, booked = random.Random(7), list[str]()
    metadata = (("authorization", f"Bearer {token}"),)
    soon = [next(clinic.bookings) for _ in range(_MIXED_CALLS // 5)]

    async def call(path: str, message: bytes) -> bytes:
        send: Any = chance.choice(channels).unary_unary(path)
        answer: bytes = await send(message, metadata=metadata, timeout=20)
        return answer

    async def work() -> None:
        for _ in range(_MIXED_CALLS // _MIXED_AT_ONCE):
            what = chance.random()
            if what < 0.6:
                seen = chance.choice(soon)
                asked = ListAvailableSlotsRequest(doctor_id=seen.doctor.id, date=f"{seen.start_at:%Y-%m-%d}")
                await call(SLOTS.path, asked.SerializeToString())
            elif what < 0.85:
                await call(LIST.path, clinic.list_message())
            elif what < 0.95 or not booked:
                answer = await call(CREATE.path, soon.pop().message())
                booked.append(CreateAppointmentResponse.FromString(answer).appointment.id)
            else:
                asked_to_cancel = CancelAppointmentRequest(appointment_id=booked.pop())
                await call(CANCEL, asked_to_cancel.SerializeToString())

    await asyncio.gather(*(work() for _ in range(_MIXED_AT_ONCE)))
