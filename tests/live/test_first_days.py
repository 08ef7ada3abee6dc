"""The first days of a stream: read many at once, and in turns, so that who asks for much delays nobody."""

from contextlib import AsyncExitStack
from datetime import date, timedelta

from db.postgres.cluster.engines import connection
from server.wiring import wired
from tests.fixtures.book import Book, Clock
from tests.fixtures.clinic import TUESDAY, Scene
from tests.fixtures.watching import watch
from tests.fixtures.wire import traced
from tests.fixtures.worker import Worker, settings_for

DOCTORS = 40
STREAMS = 10
FIRST = date(2026, 3, 4)


async def test_the_days_of_many_doctors_are_one_round_trip(book: Book, database_url: str, clock: Clock) -> None:
    clinic_id = await book.clinic()
    keys = [(await book.doctor(clinic_id), FIRST + timedelta(days=number % 3)) for number in range(DOCTORS)]
    async with wired(settings_for(database_url, pool_size=1), clock) as parts:
        async with connection(parts.engine) as pg:
            pass
        with traced(pg) as reading:
            days = await parts.days.get_all(keys)
    assert sorted((day.doctor_id, day.date) for day in days) == sorted(keys)
    assert reading.trips == 1


async def test_a_board_has_its_first_days_long_before_streams_of_many_doctors_have_theirs(
    scene: Scene, worker: Worker, book: Book
) -> None:
    elsewhere = await book.clinic()
    many = [await book.doctor(elsewhere) for _ in range(DOCTORS)]
    greedy = [await worker.client("patient", patient_id=await book.patient()) for _ in range(STREAMS)]
    display = await worker.client("display", clinic_ids=[scene.clinic_id])
    async with AsyncExitStack() as stack:
        readers = [
            await stack.enter_async_context(watch(client, *many, date=f"{FIRST + timedelta(days=number)}"))
            for number, client in enumerate(greedy)
        ]
        await readers[0].until(lambda reader: reader.days())
        async with watch(display, clinic_id=scene.clinic_id, date=TUESDAY) as board:
            await board.day(scene.doctor_id, lambda _: True)
        assert sum(len(reader.days()) for reader in readers) < DOCTORS * STREAMS * 3 / 4
        for reader in readers:
            await reader.until(lambda reader: len(reader.days()) == DOCTORS)


async def test_a_day_that_two_streams_wait_for_comes_to_one_when_the_other_leaves(
    scene: Scene, worker: Worker, book: Book
) -> None:
    others = [await book.doctor(scene.clinic_id) for _ in range(DOCTORS)]
    async with (
        watch(scene.patient, *others, scene.doctor_id, date=TUESDAY) as first,
        watch(scene.other, scene.doctor_id, *others, date=TUESDAY) as second,
    ):
        first.call.cancel()
        await second.until(lambda reader: len(reader.days()) > DOCTORS)
