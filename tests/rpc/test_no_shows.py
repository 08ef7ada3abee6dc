"""Patients who do not come are marked by the clinic's rule."""

from datetime import timedelta
from typing import Any

from server.usecases.appointments.no_shows import ACTOR
from tests.fixtures.callers import refusal
from tests.fixtures.clinic import Scene
from tests.rpc.test_visits import ARRIVE, REVERT, booked_today, step
from yoyaku.v1 import queue_service_pb2 as pb
from yoyaku.v1.queue_pb2 import QueueRules


async def set_rules(scene: Scene, etag: str = "", **fields: Any) -> Any:
    usual = {"late_minutes": 10, "late_behind": 3, "walk_in_minutes": 15, "check_in_minutes": 60}
    rules = QueueRules(**usual | fields)
    request = pb.SetQueueRulesRequest(clinic_id=scene.clinic_id, rules=rules, etag=etag)
    return (await scene.staff(scene.staff.queue.SetQueueRules, request)).rules


async def status(scene: Scene) -> str:
    [row] = await scene.book.rows("SELECT status FROM appointments")
    return str(row[0])


async def test_who_has_not_come_by_the_clinic_s_time_is_a_no_show_and_who_comes_late_is_checked_in(
    scene: Scene,
) -> None:
    appointment = await booked_today(scene)
    mark = scene.worker.parts.no_shows.mark
    scene.book.clock.advance(timedelta(minutes=12))
    assert await mark() == 0  # the clinic has no such rule
    await set_rules(scene, no_show_minutes=13)
    assert await mark() == 0
    scene.book.clock.advance(timedelta(minutes=1))
    assert (await mark(), await status(scene)) == (1, "no_show")
    assert await scene.book.rows("SELECT actor FROM appointment_events WHERE event = 'missed'") == [(ACTOR,)]
    await step(scene, ARRIVE, appointment)
    assert (await mark(), await status(scene)) == (0, "checked_in")


async def test_what_staff_have_set_back_is_not_marked_again(scene: Scene) -> None:
    appointment = await booked_today(scene)
    await set_rules(scene, no_show_minutes=5)
    scene.book.clock.advance(timedelta(minutes=6))
    assert await scene.worker.parts.no_shows.mark() == 1
    await step(scene, REVERT, appointment)
    assert (await scene.worker.parts.no_shows.mark(), await status(scene)) == (0, "scheduled")


async def test_rules_have_an_etag_and_a_clinic_without_any_the_usual_ones(scene: Scene) -> None:
    request = pb.GetQueueRulesRequest(clinic_id=scene.clinic_id)
    usual = (await scene.staff(scene.staff.queue.GetQueueRules, request)).rules
    assert (usual.late_minutes, usual.late_behind, usual.HasField("no_show_minutes"), usual.etag) == (10, 3, False, "0")
    changed = await set_rules(scene, etag="0", late_behind=1, no_show_minutes=30)
    assert (changed.late_behind, changed.no_show_minutes, changed.etag) == (1, 30, "1")
    assert (await scene.staff(scene.staff.queue.GetQueueRules, request)).rules == changed
    assert (await refusal(set_rules(scene, etag="0"))).reason == "ETAG_MISMATCH"
