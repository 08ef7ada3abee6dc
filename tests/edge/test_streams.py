"""Streams through Envoy: server-sent events, gRPC, gRPC-Web."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import httpx

from tests.edge.answers import reason
from tests.edge.clinic import Stack
from tests.edge.envoys import Edge
from tests.edge.rest import Rest
from yoyaku.v1.appointment_service_pb2 import WatchAppointmentsRequest
from yoyaku.v1.appointment_service_pb2_grpc import AppointmentServiceStub
from yoyaku.v1.schedule_service_pb2 import WatchSlotsRequest, WatchSlotsResponse
from yoyaku.v1.schedule_service_pb2_grpc import ScheduleServiceStub
from yoyaku.v1.watch_pb2 import ClosingReason

WATCH = "/api/schedules/slots:watch"


@contextmanager
def curl(edge: Edge, stack: Stack) -> Iterator[subprocess.Popen[str]]:
    """`curl -N` on the clinic's days."""
    clinic = stack.clinic
    url = f"{edge.url}{WATCH}?clinic_id={clinic.clinic}&date={clinic.day}"
    headers = ["-H", f"authorization: Bearer {clinic.tokens['staff']}", "-H", "accept-encoding: gzip"]
    command = ["curl", "-sNi", "--max-time", "30", *headers, url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.terminate()


def events(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    assert process.stdout
    for line in process.stdout:
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


def test_curl_shows_a_booking_as_a_server_sent_event(edge: Edge, stack: Stack, rest: Rest) -> None:
    with curl(edge, stack) as process:
        assert process.stdout
        head = [line.strip() for line in iter(process.stdout.readline, "\n")]
        assert head[0] == "HTTP/1.1 200 OK"
        assert "content-type: text/event-stream" in head
        assert not [line for line in head if line.startswith("content-encoding")]
        arriving = events(process)
        first = next(arriving)["day"]
        assert first["doctor_id"] == stack.clinic.doctor
        revision = rest.book("patient", "03:00").json()["revision"]
        day = next(event["day"] for event in arriving if event.get("day", {}).get("revision") == revision)
        assert {"03:00": "SLOT_STATE_TAKEN", "03:30": "SLOT_STATE_FREE"}.items() <= {
            slot["time_slot"]: slot["state"] for slot in day["slots"]
        }.items()


def test_a_stream_over_grpc_outlives_the_deadline_of_other_calls(channel: grpc.Channel, stack: Stack) -> None:
    request = WatchSlotsRequest(doctor_ids=[stack.clinic.doctor], date=stack.clinic.day)
    metadata = (("authorization", f"Bearer {stack.clinic.tokens['patient']}"),)
    call = ScheduleServiceStub(channel).WatchSlots(request, metadata=metadata, timeout=60)
    assert next(call).day.doctor_id == stack.clinic.doctor
    assert next(message for message in call if message.HasField("heartbeat"))
    call.cancel()


def test_a_stream_over_grpc_web(edge: Edge, stack: Stack) -> None:
    request = WatchSlotsRequest(doctor_ids=[stack.clinic.doctor], date=stack.clinic.day).SerializeToString()
    headers = {
        "authorization": f"Bearer {stack.clinic.tokens['patient']}",
        "content-type": "application/grpc-web+proto",
        "x-grpc-web": "1",
    }
    body = b"\0" + len(request).to_bytes(4, "big") + request
    path = f"{edge.url}/yoyaku.v1.ScheduleService/WatchSlots"
    with httpx.stream("POST", path, content=body, headers=headers) as answer:
        chunk = next(answer.iter_raw())
        assert chunk[0] == 0
        message = WatchSlotsResponse.FromString(chunk[5 : 5 + int.from_bytes(chunk[1:5], "big")])
        assert message.day.doctor_id == stack.clinic.doctor


def test_a_stream_that_is_refused_has_a_status_and_a_reason(rest: Rest, stack: Stack) -> None:
    answer = rest("patient", "GET", WATCH, params={"clinic_id": stack.clinic.patient})
    assert (answer.status_code, reason(answer)) == (404, "CLINIC_NOT_FOUND")
    answer = rest("patient", "GET", WATCH)
    assert (answer.status_code, reason(answer)) == (400, "INVALID_REQUEST")


def test_a_clinics_appointments_are_followed_over_grpc(channel: grpc.Channel, rest: Rest) -> None:
    clinic = rest.stack.clinic
    metadata = (("authorization", f"Bearer {clinic.tokens['staff']}"),)
    request = WatchAppointmentsRequest(clinic_id=clinic.clinic)
    call = AppointmentServiceStub(channel).WatchAppointments(request, metadata=metadata, timeout=60)
    assert next(call).HasField("heartbeat")
    booked = rest.book("patient", "04:00").json()["appointment"]
    assert next(call).change.appointment_id == booked["id"]
    call.cancel()


def test_the_last_message_comes_before_a_short_deadline(channel: grpc.Channel, stack: Stack) -> None:
    request = WatchSlotsRequest(doctor_ids=[stack.clinic.doctor], date=stack.clinic.day)
    metadata = (("authorization", f"Bearer {stack.clinic.tokens['patient']}"),)
    calls = []
    for _ in range(5):  # the server looks once a second: they begin at different moments of a second
        calls.append(ScheduleServiceStub(channel).WatchSlots(request, metadata=metadata, timeout=3))
        time.sleep(0.2)
    assert [[*call][-1].closing.reason for call in calls] == [ClosingReason.CLOSING_REASON_MAX_AGE] * 5
