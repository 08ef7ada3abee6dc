"""Lines of text that staff set for screens."""

import asyncio
from typing import Any

from tests.fixtures.callers import refusal
from tests.fixtures.clinic import Scene
from tests.fixtures.waiting import PATIENCE_SECONDS
from tests.rpc.test_queue import ask, walk_in
from yoyaku.v1 import queue_service_pb2 as pb


async def test_a_line_of_staff_is_told_by_the_lanes_it_is_for(scene: Scene) -> None:
    other = await scene.book.doctor(scene.clinic_id)
    await walk_in(scene)
    await ask(scene, "RegisterWalkIn", lane_id=other)
    display = await scene.worker.client("display", clinic_ids=[scene.clinic_id])
    stream: Any = display.queue.WatchQueue(pb.WatchQueueRequest(clinic_id=scene.clinic_id), metadata=display.metadata)

    async def told(lane_id: str, lines: tuple[str, str]) -> None:
        while True:
            message = await stream.read()
            found = message.lane
            if found.lane_id == lane_id and (found.clinic_announcement, found.announcement) == lines:
                return

    here: dict[str, Any] = {"clinic_id": scene.clinic_id}
    for fields, lane_id, lines in (
        ({"announcement": "Flu jabs <b>today</b>", "lane_id": ""}, other, ("Flu jabs <b>today</b>", "")),
        ({"announcement": " Dr Mori is late "}, scene.doctor_id, ("Flu jabs <b>today</b>", "Dr Mori is late")),
        ({"announcement": "", "lane_id": ""}, scene.doctor_id, ("", "Dr Mori is late")),
        ({"announcement": ""}, scene.doctor_id, ("", "")),
    ):
        said: dict[str, Any] = here | fields
        answer = await ask(scene, "SetAnnouncement", **said)
        assert answer.announcement == fields["announcement"].strip()
        await asyncio.wait_for(told(lane_id, lines), PATIENCE_SECONDS)
    stream.cancel()


async def test_a_line_is_short_one_line_and_of_the_clinic(scene: Scene) -> None:
    here: dict[str, Any] = {"clinic_id": scene.clinic_id}
    elsewhere: dict[str, Any] = {"clinic_id": await scene.book.clinic()}
    for fields, reason in (
        ({**here, "announcement": "x" * 201}, "INVALID_REQUEST"),
        ({**here, "announcement": "two\nlines"}, "INVALID_REQUEST"),
        ({**elsewhere, "announcement": "x"}, "LANE_NOT_FOUND"),
        ({**elsewhere, "announcement": "x", "lane_id": ""}, "NOT_ALLOWED"),
    ):
        assert (await refusal(ask(scene, "SetAnnouncement", **fields))).reason == reason
    doctor = await scene.worker.client("doctor", doctor_id=scene.doctor_id)
    assert (
        await ask(scene, "SetAnnouncement", doctor, **here, announcement="Back at ten")
    ).announcement == "Back at ten"
    assert (
        await refusal(ask(scene, "SetAnnouncement", doctor, **here, announcement="x", lane_id=""))
    ).reason == "NOT_ALLOWED"
