"""The commands that archive and restore: files that can be trusted, whatever ends them."""

import asyncio
import base64
import os
import stat
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from server.domain.archives import ArchiveError, decode, encode
from tests.fixtures.archives import content
from tests.fixtures.book import Book
from tests.fixtures.mail import until

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("share", [0.1, 0.3, 0.6, 0.99])
def test_a_damaged_file_is_refused(share: float) -> None:
    whole = encode("a schema", [("appointments", f'{{"id": "{number}"}}') for number in range(20)])
    assert len(decode(whole)) == 20
    at = int(share * len(whole))
    for damaged in (whole[:at], whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :], b"", b"x" * 99):
        with pytest.raises(ArchiveError):
            decode(damaged)


OLDER = """
UPDATE appointments SET date = date - 3300, start_at = start_at - ago, end_at = end_at - ago,
    during = tstzrange(start_at - ago, upper(during) - ago), updated_at = updated_at - ago
FROM (SELECT interval '3300 days' AS ago) AS years
"""


SLEEP = """
CREATE FUNCTION sleep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$
"""
SLOW_COMMIT = """
CREATE CONSTRAINT TRIGGER slow_commit AFTER DELETE ON records DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION sleep()
"""
COMMITTING = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"


async def kill_when(is_time: Callable[[], Awaitable[bool]], command: list[str], **how: Any) -> None:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, **how)  # noqa: ASYNC220
    try:
        await until(is_time)
    finally:
        process.kill()
        process.wait()


async def test_the_commands_survive_being_killed_and_restore_all(
    old: str, book: Book, database_url: str, tmp_path: Path
) -> None:
    # Commands have the real clock: everything becomes old for that, too.
    await book.run(OLDER)
    await book.run("UPDATE records SET updated_at = updated_at - interval '3300 days'")
    before = await content(book)
    key = base64.b64encode(bytes(32)).decode()
    environment = {"YOYAKU_DATABASE_URL": database_url, "YOYAKU_KEY_ENCRYPTION_KEY": key}
    how: dict[str, Any] = {"cwd": ROOT, "env": os.environ | environment}

    def command(*arguments: object) -> list[str]:
        return [sys.executable, "-m", "server", *map(str, arguments)]

    async def run(*arguments: object) -> str:
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        done = await asyncio.to_thread(lambda: subprocess.run(command(*arguments), check=False, **pipes, **how))
        return str(done.stdout)

    async def commits() -> bool:
        return bool(await book.rows(COMMITTING))

    async def has_removed_records() -> bool:
        return not await book.rows("SELECT FROM records")

    # Between its first file and the end of COMMIT.
    await book.run(SLEEP)
    await book.run(SLOW_COMMIT)
    await kill_when(commits, command("archive", tmp_path), **how)
    assert len(list(tmp_path.glob("*-records.ndjson.gz"))) == 1  # noqa: ASYNC240
    await book.run(f"SELECT pg_terminate_backend(pid, 5000) FROM ({COMMITTING}) AS committing")  # noqa: S608
    await book.run("DROP TRIGGER slow_commit ON records")
    assert await content(book) == before

    # Between two batches.
    await kill_when(has_removed_records, command("archive", tmp_path, "--size", "1", "--pause", "60"), **how)
    assert "archived 3 appointments and" in await run("archive", tmp_path)
    assert (await content(book))["appointments"] == []
    files = sorted(tmp_path.glob("*.gz"))  # noqa: ASYNC240
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    damaged = tmp_path / "damaged.gz"
    damaged.write_bytes(files[0].read_bytes()[:-1])
    assert "damaged or not an archive; nothing of it was restored" in await run("restore-archive", damaged)
    assert "rows were missing and have been restored" in await run("restore-archive", *files)
    assert await content(book) == before
