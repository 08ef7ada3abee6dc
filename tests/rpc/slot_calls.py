"""The call by which tests look at what all calls go through."""

from typing import Any

from tests.fixtures.callers import refusal
from tests.fixtures.clinic import TUESDAY, Scene
from tests.fixtures.worker import Client, Refusal
from yoyaku.v1 import schedule_service_pb2 as pb


def asks(scene: Scene) -> pb.ListAvailableSlotsRequest:
    return pb.ListAvailableSlotsRequest(doctor_id=scene.doctor_id, date=TUESDAY)


async def refused(client: Client, request: Any, **options: Any) -> Refusal:
    return await refusal(client(client.schedules.ListAvailableSlots, request, **options))
