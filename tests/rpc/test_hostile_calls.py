"""Calls that are made to cost more than they may: nothing of them is kept, evaluated or echoed beyond a bound."""

import asyncio
import os
from pathlib import Path
from typing import Any

import grpc
import pytest

from server.rpc.calls import call_lifecycle
from tests.fixtures.callers import refusal
from tests.fixtures.clinic import Scene
from tests.fixtures.workers import Fleet
from yoyaku.v1 import auth_service_pb2, auth_service_pb2_grpc, directory_service_pb2, patient_pb2, schedule_pb2
from yoyaku.v1 import schedule_service_pb2 as pb

MIB = 1 << 20


async def test_at_most_ten_violations_are_told(scene: Scene) -> None:
    wrong = [schedule_pb2.Session(start="25:00", end="no", slot_minutes=1) for _ in range(50)]
    request = pb.SetWorkingHoursRequest(doctor_id=scene.doctor_id, valid_from="2026-03-03", sessions=wrong)
    found = await refusal(scene.staff(scene.staff.schedules.SetWorkingHours, request))
    assert (found.code, len(found.violations)) == (grpc.StatusCode.INVALID_ARGUMENT, 10)
    assert len(found.message) <= 1_003


async def test_items_of_a_list_that_is_too_long_are_not_looked_at(scene: Scene) -> None:
    wrong = [schedule_pb2.Session(start="25:00")] * 20_000
    request = pb.SetWorkingHoursRequest(doctor_id=scene.doctor_id, valid_from="2026-03-03", sessions=wrong)
    found = await refusal(scene.staff(scene.staff.schedules.SetWorkingHours, request))
    assert found.violations == {"sessions": "has 20000 items, but may have 50 at most"}
    patient = patient_pb2.Patient(identifiers=[patient_pb2.Identifier()] * 20_000)
    update = directory_service_pb2.UpdatePatientRequest(patient_id=scene.patient_id, patient=patient)
    found = await refusal(scene.staff(scene.staff.directory.UpdatePatient, update))
    assert found.violations == {"patient.identifiers": "has 20000 items, but may have 20 at most"}
    update = directory_service_pb2.UpdatePatientRequest(patient_id=scene.patient_id)
    update.update_mask.paths.extend(["name"] * 20_000)
    found = await refusal(scene.staff(scene.staff.directory.UpdatePatient, update))
    assert found.violations == {"update_mask.paths": "has 20000 items, but may have 100 at most"}


async def test_who_may_never_do_it_is_told_so_before_the_request_is_looked_at(scene: Scene) -> None:
    request = pb.SetWorkingHoursRequest(sessions=[schedule_pb2.Session(start="25:00")] * 50)
    found = await refusal(scene.patient(scene.patient.schedules.SetWorkingHours, request))
    assert (found.code, found.reason) == (grpc.StatusCode.PERMISSION_DENIED, "NOT_ALLOWED")


async def test_requests_of_any_size_are_not_remembered(scene: Scene) -> None:
    before = call_lifecycle.remembered.cache_info().currsize
    method: Any = scene.worker.channel.unary_unary("/yoyaku.v1.AuthService/GetSigningKeys")
    for _ in range(20):
        # An unknown field of a thousand bytes: valid, and another one each time.
        await method(b"\xfa\x3f\xe8\x07" + os.urandom(1_000))
    assert call_lifecycle.remembered.cache_info().currsize == before


@pytest.mark.parametrize("spaces", [1, 2])
async def test_callers_are_remembered_by_headers_without_further_spaces_only(scene: Scene, spaces: int) -> None:
    tokens = scene.worker.parts.tokens
    header = f"Bearer{' ' * spaces}{await tokens.issue(await scene.book.account('patient'))}"
    stranger = auth_service_pb2_grpc.AuthServiceStub(scene.worker.channel)
    await stranger.GetMe(auth_service_pb2.GetMeRequest(), metadata=[("authorization", header)])
    assert bool(tokens.recall(header)) is (spaces == 1)


@pytest.mark.parametrize(
    "method", ["ScheduleService/ListAvailableSlots", "ScheduleService/WatchSlots", "AuthService/GetSigningKeys"]
)
async def test_a_call_that_ends_without_a_message_is_answered_at_once(scene: Scene, method: str) -> None:
    call: Any = scene.worker.channel.stream_stream(f"/yoyaku.v1.{method}")(metadata=scene.patient.metadata, timeout=10)
    await call.done_writing()
    async with asyncio.timeout(8):
        assert await call.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "without a request message" in (await call.details() or "")


async def test_a_small_message_that_inflates_to_any_size_takes_no_memory(fleet: Fleet) -> None:
    method: Any = fleet.channels[0].unary_unary("/yoyaku.v1.AuthService/GetSigningKeys")
    status = Path(f"/proc/{fleet.processes[0].pid}/status")
    before = resident_mib(status)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await method(bytes(200 * MIB), compression=grpc.Compression.Gzip, timeout=30)
    assert refused.value.code() == grpc.StatusCode.UNIMPLEMENTED
    assert resident_mib(status, most=True) - before < 20


def resident_mib(status: Path, *, most: bool = False) -> int:
    name = "VmHWM:" if most else "VmRSS:"
    line = next(line for line in status.read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024 // MIB
