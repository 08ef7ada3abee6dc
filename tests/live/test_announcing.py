"""What a write changed is announced: single bookings first, and nothing is lost by what fails beside it."""

from datetime import date

import pytest

from db.postgres.booking import days
from db.postgres.booking.days import DayRow
from db.postgres.cluster.transaction import read
from db.valkey.days import RenderedDay
from server.usecases.unit_of_work import Changes
from tests.fixtures.book import Book
from tests.fixtures.clinic import TUESDAY, Scene
from tests.fixtures.waiting import until
from tests.fixtures.worker import Worker

VERY_MANY = 365


async def test_a_booking_is_announced_before_very_many_days_of_new_hours(
    scene: Scene, worker: Worker, book: Book
) -> None:
    clinic_id = await book.clinic(horizon_days=VERY_MANY)
    doctor_id = await book.doctor(clinic_id)
    staff = await worker.client("staff", clinic_ids=[clinic_id])
    announced: list[RenderedDay] = []
    worker.parts.days.on_new = announced.append
    changed = await scene.set_hours([("10:00", "11:00")], doctor_id=doctor_id, client=staff)
    await scene.book_slot("09:00")

    async def is_announced() -> bool:
        return any(day.doctor_id == scene.doctor_id for day in announced)

    assert changed.days_changed >= VERY_MANY
    assert await until(is_announced)
    assert len(announced) < VERY_MANY / 4


async def test_days_that_are_known_are_announced_although_others_cannot_be_read(scene: Scene, worker: Worker) -> None:
    key = (scene.doctor_id, date.fromisoformat(TUESDAY))
    [offer] = await read(worker.parts.engine, lambda pg: days.offers_of_days(pg, [key]))
    with pytest.raises(Exception, match="uuid"):
        await worker.parts.days.renew({("no id", key[1]): None, key: offer})
    assert worker.parts.days.at_hand(key, 0)


async def test_of_two_changes_that_of_the_higher_epoch_is_announced(scene: Scene, worker: Worker) -> None:
    key = (scene.doctor_id, date.fromisoformat(TUESDAY))
    [offer] = await read(worker.parts.engine, lambda pg: days.offers_of_days(pg, [key]))
    for epoch, revision in ((1, 9), (2, 1)):
        worker.parts.announcer(Changes([DayRow(*key, revision)], [offer._replace(epoch=epoch, revision=revision)]))

    async def versions() -> tuple[int, int] | None:
        day = worker.parts.days.at_hand(key, 0)
        return day and (day.epoch, day.revision)

    assert await until(versions) == (2, 1)
