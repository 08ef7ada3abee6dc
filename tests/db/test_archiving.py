"""Old appointments and records leave for files and come back; nothing else moves, and nothing is lost on the way."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from db.postgres.archives import Row
from server.commands.data.restore_archive import in_order
from server.domain.archives import ArchiveError
from server.domain.records import Retention
from server.usecases.maintenance.archiving import Archiver
from server.usecases.records.retention import RetentionPolicies
from tests.fixtures.archives import YEARS, Files, archive, content, end_all, rows_of
from tests.fixtures.book import Book, Clock
from tests.fixtures.charts import TEXT, Charts
from tests.fixtures.clinic import Scene
from tests.fixtures.worker import Worker


async def test_what_is_over_leaves_and_comes_back_row_by_row(
    old: str, charts: Charts, book: Book, archiving: Archiver
) -> None:
    before, files = await content(book), Files()
    assert await archive(archiving, files) == (3, 1)
    assert files.kinds == ["records", "appointments", "appointments"]
    assert not any("Penicillin" in row for each in files.archives for _, row in rows_of(each))
    between = await content(book)
    gone = {table for table in before if between[table] != before[table]}
    assert gone == {"appointments", "appointment_events", "records", "record_versions"}
    assert not between["appointments"] + between["records"]
    assert await archive(archiving, Files()) == (0, 0)

    records, *appointments = files.archives
    for each in (*appointments, records):
        assert await archiving.put_back(rows_of(each)) > 0
        assert await archiving.put_back(rows_of(each)) == 0
    assert await content(book) == before
    await charts.sign_in()
    # Its author, whoever is treated by whom by now.
    assert (await charts.read(old)).text == f"{TEXT}, tested again"


async def test_what_is_not_over_or_needed_stays(charts: Charts, book: Book, clock: Clock, archiving: Archiver) -> None:
    scene, retaining = charts.scene, RetentionPolicies(book.engine, clock)
    elsewhere = await book.clinic()
    doctor_id = await book.doctor(elsewhere)
    await scene.book_slot("10:00", patient_id=scene.other_id, doctor_id=doctor_id)
    await retaining.decide(elsewhere, Retention(hot_years=10))
    await retaining.decide(scene.clinic_id, Retention())
    for time_slot in ("10:00", "10:30", "11:00", "11:30"):
        await scene.book_slot(time_slot)
    await end_all(book)
    await book.run("UPDATE appointments SET status = 'scheduled' WHERE start_at::time = '01:30'")  # 10:30 in Tokyo
    clock.advance(YEARS)
    await book.run(
        "UPDATE appointments SET updated_at = %s WHERE start_at::time = '02:00'", clock.now - timedelta(days=1)
    )
    await book.run(
        "INSERT INTO records (id, patient_id, doctor_id, clinic_id, appointment_id, version, created_at, updated_at)"
        " SELECT uuidv7(), patient_id, doctor_id, clinic_id, id, 1, %s, %s FROM appointments"
        " WHERE start_at::time = '02:30'",
        clock.now,
        clock.now,
    )
    # Of the six only those at 09:00 and 10:00 of the first clinic are over, settled and nobody's.
    assert await archive(archiving, Files(), size=1) == (2, 0)
    left = await book.rows("SELECT clinic_id, start_at::time::text FROM appointments ORDER BY start_at, clinic_id")
    assert sorted(left) == sorted(
        [(elsewhere, "01:00:00")] + [(scene.clinic_id, f"{at}:00") for at in ("01:30", "02:00", "02:30")]
    )


async def test_a_clinic_without_a_policy_keeps_three_years(
    charts: Charts, book: Book, clock: Clock, archiving: Archiver
) -> None:
    await charts.write()
    await end_all(book)
    clock.advance(timedelta(days=3 * 365 - 7))
    assert await archive(archiving, Files()) == (0, 0)
    clock.advance(timedelta(days=14))
    assert await archive(archiving, Files()) == (1, 1)


async def test_without_its_file_nothing_is_removed(old: str, book: Book, archiving: Archiver) -> None:
    before = await content(book)

    def full(kind: str, rows: Sequence[Row]) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        await anext(archiving.run(full, 10))
    assert await content(book) == before


async def test_records_do_not_come_back_before_their_appointments(
    charts: Charts, book: Book, clock: Clock, archiving: Archiver
) -> None:
    [(appointment,)] = await book.rows("SELECT id FROM appointments")
    await charts.write(appointment_id=appointment)
    await end_all(book)
    await RetentionPolicies(book.engine, clock).decide(charts.scene.clinic_id, Retention())
    clock.advance(YEARS)
    files = Files()
    assert await archive(archiving, files) == (1, 1)
    records, appointments = files.archives
    with pytest.raises(ArchiveError, match="restore archives of appointments before"):
        await archiving.put_back(rows_of(records))
    await archiving.put_back(rows_of(appointments))
    await archiving.put_back(rows_of(records))


async def test_of_a_row_in_two_archives_the_newer_comes_back(
    old: str, charts: Charts, book: Book, clock: Clock, archiving: Archiver
) -> None:
    killed, files = Files(), Files()

    def kill(kind: str, rows: Sequence[Row]) -> None:
        killed(kind, rows)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await anext(archiving.run(kill, 10))
    await charts.sign_in()
    await charts.amend(old, "Never mind")
    clock.advance(YEARS)
    before = await content(book)
    assert await archive(archiving, files, size=10) == (3, 1)
    names = [Path(f"20300101T000000Z-ff-{killed.kinds[0]}.gz")]
    names += [Path(f"20340101T000000Z-00-{kind}.gz") for kind in files.kinds]
    archives = dict(zip(names, [*killed.archives, *files.archives], strict=True))
    for name in in_order(archives):
        await archiving.put_back(rows_of(archives[name]))
    assert await content(book) == before


async def test_archives_of_other_versions_fit_or_are_refused(old: str, book: Book, archiving: Archiver) -> None:
    before, files = await content(book), Files()
    await archive(archiving, files, size=10)
    await book.run("ALTER TABLE appointments ADD COLUMN colour text NOT NULL DEFAULT 'blue'")
    records, appointments = map(rows_of, files.archives)
    await archiving.put_back(appointments)
    assert await book.rows("SELECT DISTINCT colour FROM appointments") == [("blue",)]
    await book.run("ALTER TABLE appointments DROP COLUMN colour")
    await book.run("ALTER TABLE record_versions RENAME sealed TO closed")
    with pytest.raises(ArchiveError, match="cannot store sealed"):
        await archiving.put_back(records)
    await book.run("ALTER TABLE record_versions RENAME closed TO sealed")
    with pytest.raises(ArchiveError, match="cannot store accounts"):
        await archiving.put_back([("accounts", '{"id": 1}')])
    await archiving.put_back(records)
    assert await content(book) == before


async def test_bookings_go_on_meanwhile(old: str, charts: Charts, worker: Worker, archiving: Archiver) -> None:
    scene: Scene = charts.scene
    patient = await worker.client("patient", patient_id=scene.patient_id)
    day = f"{worker.parts.clock().date() + timedelta(days=3)}"

    async def book_all() -> list[int]:
        starts = ("09:00", "09:30", "10:00", "10:30", "11:00", "11:30")
        return [(await scene.book_slot(each, patient, date=day)).revision for each in starts]

    revisions, taken = await asyncio.gather(book_all(), archive(archiving, Files(), size=1))
    assert revisions == [1, 2, 3, 4, 5, 6]
    assert taken == (3, 1)
