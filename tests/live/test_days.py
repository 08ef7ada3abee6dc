"""The days of doctors: what changes them by the clock, who keeps them, and that nobody is told an old one."""

import asyncio
import gc
from contextlib import aclosing
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from db.valkey import days as kept
from db.valkey.days import RenderedDay
from server.usecases.schedules.live.followed import DayStream
from tests.fixtures.book import NOW, Book, Clock
from tests.fixtures.clinic import TUESDAY, Scene
from tests.fixtures.waiting import until
from tests.fixtures.watching import PATIENCE_SECONDS, states, watch
from tests.fixtures.worker import Worker
from yoyaku.v1.schedule_pb2 import ScheduleDay
from yoyaku.v1.schedule_service_pb2 import WatchSlotsResponse

MONDAY = "2026-03-02"


async def test_a_slot_whose_time_has_come_is_told_without_a_commit(scene: Scene, worker: Worker, clock: Clock) -> None:
    clock.now = datetime(2026, 3, 2, 0, 29, tzinfo=UTC)
    reader_of_today = await worker.client("patient", patient_id=scene.patient_id)
    async with watch(reader_of_today, scene.doctor_id) as reader:
        day = await reader.day(scene.doctor_id, lambda _: True)
        assert (states(day)["09:00"], states(day)["09:30"]) == ("past", "free")
        clock.advance(timedelta(minutes=1, microseconds=1))
        day = await reader.day(scene.doctor_id, lambda day: states(day)["09:30"] == "past")
        assert day.revision == 0
    listed = await scene.slots(MONDAY, client=reader_of_today)
    assert listed.slots[0].time_slot == "10:00"


@pytest.mark.parametrize(
    ("zone", "before_midnight", "days"),
    [
        ("Asia/Tokyo", datetime(2026, 3, 2, 14, 59, tzinfo=UTC), ("2026-03-02", "2026-03-03")),
        # Clocks skip the hour after this midnight.
        ("Africa/Cairo", datetime(2026, 4, 23, 21, 59, tzinfo=UTC), ("2026-04-23", "2026-04-24")),
        # They go back from this midnight to 23:00: the day is 25 hours long.
        ("Africa/Cairo", datetime(2026, 10, 29, 21, 59, tzinfo=UTC), ("2026-10-29", "2026-10-30")),
    ],
)
async def test_today_moves_on_at_the_clinics_midnight(
    worker: Worker, book: Book, clock: Clock, zone: str, before_midnight: datetime, days: tuple[str, str]
) -> None:
    clock.now = before_midnight
    clinic_id = await book.clinic(zone)
    doctor_id = await book.doctor(clinic_id)
    display = await worker.client("display", clinic_ids=[clinic_id])
    async with watch(display, clinic_id=clinic_id) as reader:
        await reader.day(doctor_id, lambda day: day.date == days[0])
        clock.advance(timedelta(minutes=2))
        day = await reader.day(doctor_id, lambda day: day.date == days[1])
        assert states(day)["09:00"] == "free"


async def test_a_commit_of_which_nobody_told_is_found(scene: Scene) -> None:
    async with watch(scene.patient, scene.doctor_id, date=TUESDAY) as reader:
        await reader.day(scene.doctor_id, lambda day: day.revision == 0)
        await scene.book.run(
            "INSERT INTO schedule_days VALUES (%s, %s, 7, %s)", scene.doctor_id, date(2026, 3, 3), scene.book.clock.now
        )
        await reader.day(scene.doctor_id, lambda day: day.revision == 7)
    assert (await scene.slots()).revision == 7


async def test_a_higher_epoch_is_newer_whatever_its_revision(scene: Scene) -> None:
    await scene.book_slot("09:00")
    async with watch(scene.patient, scene.doctor_id, date=TUESDAY) as reader:
        await reader.day(scene.doctor_id, lambda day: (day.epoch, day.revision) == (1, 1))
        await scene.book.run("UPDATE schedule_days SET revision = 0")
        await scene.book.run("UPDATE cluster_epoch SET epoch = 2")
        await reader.day(scene.doctor_id, lambda day: (day.epoch, day.revision) == (2, 0))
    assert (await scene.slots()).epoch == 2


async def test_many_who_ask_at_once_cost_one_read(scene: Scene, worker: Worker) -> None:
    counts = worker.parts.days.counts
    await asyncio.gather(*(scene.slots() for _ in range(20)))
    assert (counts.database, counts.valkey) == (1, 0)
    before = counts.memory
    await scene.slots()
    assert counts.memory == before + 1


async def test_who_names_a_revision_gets_it_though_an_older_day_is_kept(scene: Scene) -> None:
    await scene.slots()
    await scene.book.run(
        "INSERT INTO schedule_days VALUES (%s, %s, 3, %s)", scene.doctor_id, date(2026, 3, 3), NOW - timedelta(days=1)
    )
    assert (await scene.slots()).revision == 0
    assert (await scene.slots(min_revision=3)).revision == 3


def rendered(revision: int, *, doctor_id: str, epoch: int = 1, valid_until: datetime = kept.NO_EXPIRY) -> RenderedDay:
    return RenderedDay(doctor_id, date(2026, 3, 3), doctor_id, epoch, revision, valid_until, b"free", b"whole")


async def test_valkey_keeps_the_newest_and_not_past_its_time(worker: Worker, scene: Scene) -> None:
    valkey, signer, doctor_id = worker.parts.cache, worker.parts.signer, scene.doctor_id

    async def put(revision: int, **fields: Any) -> bool:
        return await kept.put_newer(valkey, signer, [rendered(revision, doctor_id=doctor_id, **fields)], NOW) == 1

    assert await put(2, valid_until=NOW + timedelta(minutes=1))
    assert not await put(1)
    assert not await put(2, valid_until=NOW + timedelta(seconds=30))
    assert await put(2, valid_until=NOW + timedelta(minutes=2))
    assert await put(3)
    assert await kept.get(valkey, signer, 1, [(doctor_id, date(2026, 3, 3))], NOW) == [rendered(3, doctor_id=doctor_id)]
    assert await kept.get(valkey, signer, 2, [(doctor_id, date(2026, 3, 3))], NOW) == []
    [key] = await valkey.keys("slots:*")
    assert 0 < await valkey.pttl(key) <= 300_000
    await valkey.flushdb()
    assert await put(4, valid_until=NOW + timedelta(seconds=1))
    assert 0 < await valkey.pttl(key) <= 1_000
    assert not await put(5, valid_until=NOW)


async def test_days_put_together_are_told_together_apart_from_those_kept_as_new(worker: Worker) -> None:
    valkey, signer = worker.parts.cache, worker.parts.signer
    one, two, three = (str(UUID(int=number)) for number in (1, 2, 3))
    assert await kept.put_newer(valkey, signer, [rendered(5, doctor_id=two)], NOW) == 1
    async with aclosing(kept.listen(valkey, signer)) as heard:
        assert await anext(heard) is None
        together = [rendered(4, doctor_id=each) for each in (one, two, three)]
        assert await kept.put_newer(valkey, signer, together, NOW) == 2
        assert [await anext(heard), await anext(heard)] == [together[0], together[2]]
    assert await kept.get(valkey, signer, 1, [(two, date(2026, 3, 3))], NOW) == [rendered(5, doctor_id=two)]


async def test_who_announces_a_day_hears_only_what_others_announce(worker: Worker) -> None:
    valkey, signer = worker.parts.cache, worker.parts.signer
    mine, theirs = (rendered(1, doctor_id=str(UUID(int=number))) for number in (1, 2))
    async with aclosing(kept.listen(valkey, signer, b"me, here")) as heard:
        assert await anext(heard) is None
        assert await kept.put_newer(valkey, signer, [mine], NOW, b"me, here") == 1
        assert await kept.put_newer(valkey, signer, [theirs], NOW, b"they are") == 1
        assert await anext(heard) == theirs


async def test_what_valkey_has_of_before_a_known_commit_is_not_believed(scene: Scene, worker: Worker) -> None:
    await scene.book_slot("09:00")
    await scene.slots()
    old = rendered(0, doctor_id=scene.doctor_id)

    async def has_the_old_day() -> bool:  # as if it had been away while the day was told, which may be going on
        await worker.parts.cache.flushdb()
        return bool(await kept.put_newer(worker.parts.cache, worker.parts.signer, [old], NOW))

    await until(has_the_old_day)
    worker.parts.days.learn((scene.doctor_id, date(2026, 3, 3)), 1, 1)
    worker.parts.days._memory._days.clear()  # noqa: SLF001  # as after a long time
    assert (await scene.slots()).revision == 1


async def test_a_reader_that_stops_reading_holds_one_day_and_delays_nobody(scene: Scene, worker: Worker) -> None:
    last = 200  # of 200 kB: more than all buffers on the way take
    filler = "x" * 200_000

    def version(revision: int) -> RenderedDay:
        day = ScheduleDay(doctor_id=scene.doctor_id, date=TUESDAY, epoch=1, revision=revision, time_zone=filler)
        whole = WatchSlotsResponse(day=day).SerializeToString()
        return rendered(revision, doctor_id=scene.doctor_id)._replace(whole=whole)

    client = scene.patient
    stuck: Any = client.schedules.WatchSlots(
        watch(client, scene.doctor_id, date=TUESDAY).request, metadata=client.metadata
    )
    assert (await stuck.read()).day.revision == 0
    async with watch(client, scene.doctor_id, date=TUESDAY) as reader:
        await reader.day(scene.doctor_id, lambda _: True)
        for revision in range(1, last + 1):
            worker.parts.days.take(version(revision))
            await reader.day(scene.doctor_id, lambda day, revision=revision: day.revision == revision)  # type: ignore[misc]
        streams = [each for each in gc.get_objects() if isinstance(each, DayStream)]
        assert sorted(len(each.pending) for each in streams) == [0, 1]
    async with asyncio.timeout(PATIENCE_SECONDS):
        seen = [0]
        while seen[-1] != last:
            seen.append((await stuck.read()).day.revision)
    assert seen == sorted(seen)
    assert len(seen) < last / 2
    stuck.cancel()
