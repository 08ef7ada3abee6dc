"""Answers are given again for a day, and then forgotten."""

import uuid
from datetime import timedelta

from tests.fixtures.book import Clock
from tests.fixtures.clinic import Scene


async def count(scene: Scene) -> int:
    [[found]] = await scene.book.rows("SELECT count(*)::int FROM idempotency_keys")
    return int(str(found))


async def test_answers_are_forgotten_after_a_day(scene: Scene, clock: Clock) -> None:
    housekeeping = scene.worker.parts.housekeeping
    await scene.book_slot("10:00", request_id=str(uuid.uuid4()))
    clock.advance(timedelta(hours=24))
    assert await housekeeping.forget_answers() == 0
    assert await count(scene) == 1
    clock.advance(timedelta(seconds=1))
    assert await housekeeping.forget_answers() == 1
    assert await count(scene) == 0


async def test_a_request_id_can_be_used_anew_after_a_day(scene: Scene, clock: Clock) -> None:
    request_id = str(uuid.uuid4())
    account = await scene.book.account("patient", patient_id=scene.patient_id)
    first = await scene.book_slot("10:00", await scene.worker.client_of(account), request_id=request_id)
    clock.advance(timedelta(hours=23))
    again = await scene.book_slot("10:00", await scene.worker.client_of(account), request_id=request_id)
    assert again == first
    clock.advance(timedelta(hours=1, seconds=1))
    fields = {"date": "2026-03-05", "request_id": request_id}
    other = await scene.book_slot("10:00", await scene.worker.client_of(account), **fields)
    assert other.appointment.id != first.appointment.id
