"""WatchSlots: the days that come, who may watch whom, signs of life, and the end of a stream."""

from datetime import date, timedelta
from typing import Any

import pytest

from server.usecases.identity.access_tokens import LIFETIME
from tests.fixtures.book import NOW, Book, Clock
from tests.fixtures.clinic import TUESDAY, Scene
from tests.fixtures.watching import Reader, states, watch
from tests.fixtures.worker import Refusal, Worker
from yoyaku.v1.schedule_service_pb2 import WatchSlotsRequest

NOBODY = "00000000-0000-7000-8000-000000000000"


async def test_a_stream_begins_with_the_whole_day_of_each_doctor(scene: Scene) -> None:
    second = await scene.book.doctor(scene.clinic_id, [("13:00", "14:00")])
    await scene.book_slot("09:30")
    async with watch(scene.patient, scene.doctor_id, second, date=TUESDAY) as reader:
        day = await reader.day(scene.doctor_id, lambda _: True)
        assert states(day)["09:00"] == "free"
        assert states(day)["09:30"] == "taken"
        assert (day.date, day.time_zone, day.revision) == (TUESDAY, "Asia/Tokyo", 1)
        assert set(states(await reader.day(second, lambda _: True))) == {"13:00", "13:30"}


async def test_a_change_arrives_with_the_revision_that_its_write_returned(scene: Scene) -> None:
    async with watch(scene.staff, clinic_id=scene.clinic_id, date=TUESDAY) as reader:
        await reader.day(scene.doctor_id, lambda day: day.revision == 0)
        booked = await scene.book_slot("10:00")
        day = await reader.day(scene.doctor_id, lambda day: day.revision == booked.revision)
        assert states(day)["10:00"] == "taken"
        await scene.cancel(booked.appointment)
        assert states(await reader.day(scene.doctor_id, lambda day: day.revision == 2))["10:00"] == "free"


async def test_a_week_of_a_doctor_is_one_stream(scene: Scene) -> None:
    week = [(date.fromisoformat(TUESDAY) + timedelta(days=number)).isoformat() for number in range(7)]
    async with watch(scene.patient, scene.doctor_id, date=TUESDAY, days=7) as reader:
        await reader.until(lambda reader: {day.date for day in reader.days()} == set(week))
        for slot in (week[6], week[0]):
            booked = await scene.book_slot("10:00", date=slot)
            told = (slot, booked.revision, "taken")
            await reader.until(
                lambda reader, told=told: (  # type: ignore[misc]
                    told in [(day.date, day.revision, states(day)["10:00"]) for day in reader.days()]
                )
            )


async def test_time_that_a_person_gives_another_clinic_shows_as_such_to_staff_and_as_taken_to_outsiders(
    scene: Scene,
) -> None:
    person = await scene.book.practitioner_of(scene.doctor_id)
    theirs = await scene.book.doctor(await scene.book.clinic(), practitioner_id=person)
    await scene.book_slot("09:00")
    async with watch(scene.staff, clinic_id=scene.clinic_id, date=TUESDAY) as reader:
        await reader.day(scene.doctor_id, lambda day: day.revision == 1)
        booked = await scene.book_slot("09:30", doctor_id=theirs)
        day = await reader.day(scene.doctor_id, lambda day: day.revision == 2)
        assert list(states(day).values())[:3] == ["taken", "elsewhere", "free"]
        await scene.book.run("UPDATE clinics SET public_browsing = true")
        for outsider in (scene.patient, scene.worker.stranger()):
            async with watch(outsider, scene.doctor_id, date=TUESDAY) as seen:
                day = await seen.day(scene.doctor_id, lambda day: day.revision == 2)
                assert list(states(day).values())[:3] == ["taken", "taken", "free"]
        assert scene.patient_id not in str(day)
        await scene.cancel(booked.appointment)
        day = await reader.day(scene.doctor_id, lambda day: day.revision == 3)
        assert list(states(day).values())[:3] == ["taken", "free", "free"]


async def test_a_display_sees_its_own_clinic_only(scene: Scene, worker: Worker, book: Book) -> None:
    elsewhere = await book.clinic()
    stranger = await book.doctor(elsewhere)
    display = await worker.client("display", clinic_ids=[scene.clinic_id])
    async with watch(display, clinic_id=scene.clinic_id, date=TUESDAY) as reader:
        await reader.day(scene.doctor_id, lambda _: True)
        assert {day.doctor_id for day in reader.days()} == {scene.doctor_id}
    for reader in (watch(display, clinic_id=elsewhere), watch(display, scene.doctor_id, stranger)):
        assert (await refused(reader)).reason == "NOT_ALLOWED"


async def refused(reader: Reader) -> Refusal:
    async with reader:
        await reader.until(lambda reader: reader.ended)
    assert reader.refusal
    return reader.refusal


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "INVALID_REQUEST"),
        ({"clinic_id": NOBODY}, "CLINIC_NOT_FOUND"),
        ({"doctor_ids": [NOBODY]}, "DOCTOR_NOT_FOUND"),
        ({"doctor_ids": [NOBODY], "clinic_id": NOBODY}, "INVALID_REQUEST"),
        ({"doctor_ids": [NOBODY], "date": "2026-02-30"}, "INVALID_REQUEST"),
        ({"doctor_ids": [NOBODY] * 201}, "INVALID_REQUEST"),
        ({"doctor_ids": [NOBODY], "days": 7}, "INVALID_REQUEST"),
        ({"doctor_ids": [NOBODY], "date": TUESDAY, "days": 8}, "INVALID_REQUEST"),
        ({"doctor_ids": [NOBODY] * 29, "date": TUESDAY, "days": 2}, "INVALID_REQUEST"),
    ],
)
async def test_what_cannot_be_watched_is_refused_with_a_reason(
    scene: Scene, fields: dict[str, Any], reason: str
) -> None:
    assert (await refused(Reader(scene.patient, WatchSlotsRequest(**fields)))).reason == reason


async def test_a_stream_needs_a_token(scene: Scene, worker: Worker) -> None:
    assert (await refused(watch(worker.stranger(), scene.doctor_id))).reason == "TOKEN_MISSING"


async def test_a_heartbeat_tells_the_time_every_15_seconds(scene: Scene, clock: Clock) -> None:
    async with watch(scene.patient, scene.doctor_id) as reader:
        await reader.day(scene.doctor_id, lambda _: True)
        for seconds in (15, 30):
            clock.advance(timedelta(seconds=15))
            told = NOW + timedelta(seconds=seconds)
            await reader.until(lambda reader, told=told: told in reader.heartbeats())  # type: ignore[misc]
        assert len(reader.heartbeats()) == 2


async def test_a_stream_ends_with_its_token_and_says_so(scene: Scene, clock: Clock) -> None:
    async with watch(scene.patient, scene.doctor_id) as reader:
        await reader.day(scene.doctor_id, lambda _: True)
        clock.advance(LIFETIME)
        await reader.until(lambda reader: reader.ended)
    assert reader.closing() == "TOKEN_EXPIRED"
    assert reader.refusal is None


async def test_a_worker_that_drains_says_so_to_open_and_to_new_streams(scene: Scene, worker: Worker) -> None:
    async with watch(scene.patient, scene.doctor_id) as first, watch(scene.patient, scene.doctor_id) as second:
        for reader in (first, second):
            await reader.day(scene.doctor_id, lambda _: True)
        await worker.parts.streams.drain(0)
        async with watch(scene.patient, scene.doctor_id) as late:
            for reader in (first, second, late):
                await reader.until(lambda reader: reader.ended)
                assert reader.closing() == "DRAIN"


async def test_a_stream_with_a_deadline_ends_before_it_and_says_so(scene: Scene, clock: Clock) -> None:
    async with watch(scene.patient, scene.doctor_id, seconds=30) as reader:
        await reader.day(scene.doctor_id, lambda _: True)
        clock.advance(timedelta(seconds=30))  # of the server's clock; that of the call goes on slowly
        await reader.until(lambda reader: reader.ended)
    assert reader.closing() == "MAX_AGE"
