"""An import locks in the same order as everybody else."""

import asyncio
from pathlib import Path

import pytest

from db.postgres.cluster.engines import connection
from tests.fixtures.book import Book
from tests.fixtures.fhir import export, load, organization, practitioner, role
from tests.fixtures.waiting import until


@pytest.mark.parametrize("news", ["inactive", "another clinic"])
async def test_days_are_locked_before_practitioners_as_in_the_directory(book: Book, tmp_path: Path, news: str) -> None:
    lines = [organization(), practitioner(), role()]
    await load(book, export(tmp_path, a=lines))
    [[practitioner_id]] = await book.rows("SELECT id FROM practitioners")
    if news == "inactive":
        lines[1] = practitioner(active=False)
    else:
        lines += [organization("o2"), role("r2", organization={"reference": "Organization/o2"})]
    await book.run(
        "INSERT INTO schedule_days (doctor_id, date, revision, changed_at)"
        " SELECT id, '2026-03-05', 1, now() FROM doctors"
    )
    async with connection(book.engine) as pg:
        await pg.execute("BEGIN")
        await pg.execute("SELECT FROM schedule_days FOR UPDATE")
        importing = asyncio.create_task(load(book, export(tmp_path, a=lines)))
        await until(book.waits_for_a_lock)
        locked = await pg.execute("SELECT id FROM practitioners WHERE id = %s FOR UPDATE NOWAIT", (practitioner_id,))
        assert await locked.fetchall() == [(practitioner_id,)]
        await pg.execute("COMMIT")
    await importing
