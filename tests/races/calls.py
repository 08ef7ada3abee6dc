"""Calls that race."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.fixtures.worker import Client, Refusal
from tests.fixtures.workers import Fleet
from yoyaku.v1 import appointment_service_pb2 as pb

DAY = (datetime.now(UTC) + timedelta(days=7)).date().isoformat()


async def at_once(calls: Sequence[Any]) -> tuple[list[Any], list[Refusal]]:
    """Run calls at once; the answers and the refusals."""
    results = await asyncio.gather(*calls, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, Refusal):
            raise result
    refusals = [result for result in results if isinstance(result, Refusal)]
    return [result for result in results if not isinstance(result, Refusal)], refusals


async def staff_of(fleet: Fleet, clinic_id: str) -> list[Client]:
    return await fleet.clients("staff", clinic_ids=[clinic_id])


def booking(patient_id: str, doctor_id: str, time_slot: str, request_id: str = "") -> pb.CreateAppointmentRequest:
    return pb.CreateAppointmentRequest(
        patient_id=patient_id, doctor_id=doctor_id, date=DAY, time_slot=time_slot, request_id=request_id
    )


async def create(client: Client, request: pb.CreateAppointmentRequest) -> Any:
    return await client(client.appointments.CreateAppointment, request)
