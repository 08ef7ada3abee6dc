"""Wrong numbers in Valkey while a whole system runs: they stop nothing, nor those who start later."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from db.valkey.client import create_client
from tests.faults.desk import TIMES, Desk, next_day
from tests.faults.town import Town
from yoyaku.v1 import appointment_service_pb2 as pb

SHARED_TWICE_SECONDS = 1.2
"""In this time every process has looked twice at what the others have seen."""


@pytest.fixture
async def valkeys(place: Town) -> AsyncIterator[list[Any]]:
    clients = [create_client(place.environment[f"YOYAKU_{name}_URL"]) for name in ("CACHE", "TOKEN_STORE")]
    yield clients
    for client in clients:
        await client.aclose()


async def book_at(desk: Desk, worker: int, date: str, time_slot: str) -> str:
    request = pb.CreateAppointmentRequest(
        patient_id=desk.patient_id, doctor_id=desk.doctor_id, date=date, time_slot=time_slot
    )
    client = desk.writer[worker]
    return str((await client(client.appointments.CreateAppointment, request, 5)).appointment.id)


@pytest.mark.parametrize("number", ["2", "9" * 19, "9" * 36])
async def test_no_number_that_somebody_puts_into_valkey_stops_reads_or_writes(
    desk: Desk, place: Town, valkeys: list[Any], number: str
) -> None:
    day = next_day()
    booked = {await book_at(desk, worker, day, TIMES[worker]) for worker in (0, 1)}
    for valkey in valkeys:
        for key in [*await valkey.keys(), b"marks:1:epoch", b"marks:2:epoch", b"marks:2::epoch"]:
            await valkey.set(key, number)
    await asyncio.sleep(SHARED_TWICE_SECONDS)
    for worker in (0, 1):
        booked.add(await book_at(desk, worker, day, TIMES[2 + worker]))
        assert booked <= (await desk.seen(desk.writer[worker]))[0]
        assert (await desk.seen(desk.other[worker]))[0]
    place.parts["worker-1"].kill()
    await place.parts["worker-1"].start_again()
    booked.add(await book_at(desk, 0, day, TIMES[4]))
    assert booked <= (await desk.seen(desk.writer[1]))[0]
