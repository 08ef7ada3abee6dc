"""New working hours: which appointments they leave outside, and what becomes of these."""

from typing import Any

import pytest

from tests.fixtures.callers import refusal
from tests.fixtures.clinic import Scene
from tests.fixtures.waiting import until
from tests.rpc.test_time_off import KEEP, booked, status_of
from yoyaku.v1 import schedule_service_pb2 as pb
from yoyaku.v1.time_off_pb2 import MoveOfferState, TimeOffAction, TimeOffOutcome

CANCEL, OFFER = TimeOffAction.TIME_OFF_ACTION_CANCEL, TimeOffAction.TIME_OFF_ACTION_OFFER_MOVE
KEPT, CANCELLED = TimeOffOutcome.TIME_OFF_OUTCOME_KEPT, TimeOffOutcome.TIME_OFF_OUTCOME_CANCELLED
LATER = [("10:30", "12:00")]


async def outside(scene: Scene, **fields: Any) -> list[tuple[str, int, int]]:
    """Set hours from 10:30 on; (patient, outcome, state of the offer) of those whom they leave outside."""
    answer = await scene.set_hours(LATER, **fields)
    return [(each.patient.name, each.outcome, each.offer_state) for each in answer.uncovered]


async def test_a_preview_names_who_would_be_outside_and_changes_nothing(scene: Scene) -> None:
    await booked(scene, "09:00", "10:00", "10:30")
    before, revision = await scene.free(), (await scene.slots()).revision
    assert await outside(scene, validate_only=True, action=CANCEL) == [
        ("Patient of 09:00", 0, 0), ("Patient of 10:00", 0, 0),
    ]  # fmt: skip
    assert (await scene.free(), (await scene.slots()).revision) == (before, revision)
    stale = scene.set_hours(LATER, validate_only=True, etag="99")
    assert (await refusal(stale)).reason == "ETAG_MISMATCH"
    assert (await refusal(scene.set_hours(LATER, validate_only=True, client=scene.patient))).reason == "NOT_ALLOWED"


async def test_each_of_them_is_kept_cancelled_or_offered_a_move_in_the_same_step(scene: Scene) -> None:
    kept, cancelled, offered, _ = await booked(scene, "09:00", "09:30", "10:00", "11:00")
    exceptions = [
        pb.TimeOffException(appointment_id=kept.id, action=KEEP),
        pb.TimeOffException(appointment_id=offered.id, action=OFFER),
    ]
    assert await outside(scene, action=CANCEL, exceptions=exceptions) == [
        ("Patient of 09:00", KEPT, 0),
        ("Patient of 09:30", CANCELLED, 0),
        ("Patient of 10:00", KEPT, MoveOfferState.MOVE_OFFER_STATE_WAITING),
    ]
    assert [await status_of(scene, each) for each in (kept, cancelled, offered)] == [
        "scheduled", "cancelled", "scheduled",
    ]  # fmt: skip

    async def is_open() -> bool:
        await scene.worker.parts.move_offers.look()
        return await scene.book.rows("SELECT status FROM move_offers") == [("open",)]

    assert await until(is_open)
    jobs = "SELECT args ->> 'kind' FROM procrastinate_jobs WHERE args ->> 'kind' <> 'confirmation' ORDER BY 1"
    assert await scene.book.rows(jobs) == [("cancellation",), ("move_offer",)]


@pytest.mark.parametrize("action", [KEEP, CANCEL])
async def test_who_is_there_already_and_who_was_outside_before_is_left_alone(
    scene: Scene, action: "TimeOffAction.ValueType"
) -> None:
    [visit] = await booked(scene, "09:00")
    await scene.book.run("UPDATE appointments SET status = 'checked_in'")
    assert await outside(scene, action=action) == [("Patient of 09:00", KEPT, 0)]
    assert await outside(scene, action=action) == []
    assert await status_of(scene, visit) == "checked_in"


async def test_hours_of_a_doctor_at_two_clinics_cancel_beyond_the_horizon_too(scene: Scene) -> None:
    person = await scene.book.practitioner_of(scene.doctor_id)
    await scene.book.doctor(await scene.book.clinic(), practitioner_id=person)
    far = (await scene.book_slot("09:00", scene.staff, date="2026-07-07")).appointment
    assert await outside(scene, action=CANCEL) == [("Sato Ken", CANCELLED, 0)]
    assert await status_of(scene, far) == "cancelled"
