"""Callers without a token, through Envoy."""

from collections.abc import Iterator
from typing import Any

import grpc
import httpx
import pytest

from server.domain.stream_limits import OF_VISITORS_OF_ADDRESS
from tests.edge.answers import reason
from tests.edge.clinic import Stack
from tests.edge.envoys import Edge
from tests.edge.rest import Rest
from tests.fixtures.waiting import eventually
from yoyaku.v1.schedule_service_pb2 import WatchSlotsRequest
from yoyaku.v1.schedule_service_pb2_grpc import ScheduleServiceStub


@pytest.fixture
def visitor(rest: Rest, stack: Stack) -> Iterator[httpx.Client]:
    """Somebody without a token, while the clinic is open to everybody."""

    def let_in(everybody: bool) -> None:
        change = {"clinic": {"public_browsing": everybody}, "update_mask": "public_browsing"}
        rest("admin", "PATCH", f"/api/clinics/{stack.clinic.clinic}", json=change).raise_for_status()
        eventually(lambda: (rest.http.get("/api/clinics").status_code == 200) is everybody)

    let_in(everybody=True)
    yield rest.http
    let_in(everybody=False)


def test_a_visitor_chooses_a_slot_and_signs_in_to_take_it(visitor: httpx.Client, stack: Stack) -> None:
    clinic = stack.clinic
    assert [each["id"] for each in visitor.get("/api/clinics").json()["clinics"]] == [clinic.clinic]
    assert [each["id"] for each in visitor.get("/api/doctors").json()["doctors"]] == [clinic.doctor]
    asked = {"doctor_id": clinic.doctor, "date": clinic.day}
    slots = visitor.get("/api/schedules/available-slots", params=asked).json()["slots"]
    assert slots
    held = visitor.post("/api/appointments:hold", json={"doctor_id": clinic.doctor, "patient_id": clinic.patient})
    assert (held.status_code, reason(held)) == (401, "TOKEN_MISSING")


def test_a_token_that_is_not_ours_opens_nothing_that_is_open_without_one(visitor: httpx.Client) -> None:
    answer = visitor.get("/api/clinics", headers={"authorization": "Bearer made.up.token"})
    assert (answer.status_code, reason(answer)) == (401, "TOKEN_INVALID")


def test_visitors_of_one_address_hold_only_so_many_streams_and_none_of_others(
    visitor: httpx.Client, edge: Edge, stack: Stack, rest: Rest
) -> None:
    request = WatchSlotsRequest(doctor_ids=[stack.clinic.doctor], date=stack.clinic.day)
    with grpc.insecure_channel(edge.url.removeprefix("http://")) as channel:
        watch = ScheduleServiceStub(channel).WatchSlots
        held: list[Any] = [watch(request, timeout=60) for _ in range(OF_VISITORS_OF_ADDRESS)]
        assert {next(each).day.doctor_id for each in held} == {stack.clinic.doctor}
        with pytest.raises(grpc.RpcError) as refused:
            next(watch(request, timeout=60))
        assert "TOO_MANY_STREAMS" in str(refused.value.trailing_metadata())
        token = (("authorization", f"Bearer {stack.clinic.tokens['patient']}"),)
        assert next(watch(request, metadata=token, timeout=60)).day.doctor_id == stack.clinic.doctor
        stats = httpx.get(f"{edge.admin}/stats?filter=^cluster.visitor_streams.upstream_rq_active$").text
        assert stats.split() == ["cluster.visitor_streams.upstream_rq_active:", str(OF_VISITORS_OF_ADDRESS)]
