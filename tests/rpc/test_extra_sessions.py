"""Extra sessions: slots on a single date, beside the working hours or on a holiday."""

from typing import Any

import pytest

from tests.fixtures.callers import refusal
from tests.fixtures.clinic import TUESDAY, Scene
from tests.rpc.test_clinics import update
from tests.rpc.test_time_off import MORNING, at, make
from yoyaku.v1 import schedule_service_pb2 as pb


async def add(scene: Scene, start: str, end: str, **fields: Any) -> Any:
    defaults: dict[str, Any] = {"doctor_id": scene.doctor_id, "date": TUESDAY, "slot_minutes": 30}
    request = pb.AddSessionRequest(start=start, end=end, **defaults | fields)
    return await scene.staff(scene.staff.schedules.AddSession, request)


async def remove(scene: Scene, start: str) -> Any:
    request = pb.RemoveSessionRequest(doctor_id=scene.doctor_id, date=TUESDAY, start=start)
    return await scene.staff(scene.staff.schedules.RemoveSession, request)


async def test_a_session_is_offered_on_its_date_alone_until_it_is_removed(scene: Scene) -> None:
    assert await scene.free() == MORNING
    schedule = (await add(scene, "14:00", "15:00", capacity=2)).schedule
    assert [(each.date, each.start, each.capacity) for each in schedule.extra_sessions] == [(TUESDAY, "14:00", 2)]
    assert await scene.free() == [*MORNING, "14:00", "14:30"]
    assert await scene.free("2026-03-04") == MORNING
    booked = (await scene.book_slot("14:00")).appointment
    removed = await remove(scene, "14:00")
    assert [each.appointment_id for each in removed.uncovered] == [booked.id]
    assert await scene.free() == MORNING
    assert not removed.schedule.extra_sessions


async def test_a_session_opens_a_holiday_and_time_off_closes_it(scene: Scene) -> None:
    admin = await scene.worker.client("admin")
    await update(admin, scene.clinic_id, "holidays", holidays=[TUESDAY])
    await add(scene, "10:00", "11:00")
    assert await scene.free() == ["10:00", "10:30"]
    assert await scene.book_slot("10:00")
    await make(scene, at("10:30"), at("11:00"))
    assert await scene.free() == []


@pytest.mark.parametrize(
    ("start", "end", "fields", "reason"),
    [
        ("11:30", "12:30", {}, "SESSIONS_OVERLAP"),
        ("23:00", "09:30", {"date": "2026-03-02"}, "SESSIONS_OVERLAP"),
        ("14:00", "14:20", {}, "INVALID_REQUEST"),
        ("14:00", "15:00", {"date": "2026-03-01"}, "INVALID_REQUEST"),
    ],
)
async def test_a_session_that_overlaps_others_is_past_or_too_short_is_refused(
    scene: Scene, start: str, end: str, fields: dict[str, str], reason: str
) -> None:
    assert (await refusal(add(scene, start, end, **fields))).reason == reason


async def test_only_a_session_that_was_added_can_be_removed(scene: Scene) -> None:
    assert (await refusal(remove(scene, "09:00"))).reason == "INVALID_REQUEST"
