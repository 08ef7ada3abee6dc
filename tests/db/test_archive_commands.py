"""The commands that archive and restore: files that can be trusted, whatever ends them."""

import asyncio
import base64
import gzip
import json
import os
import stat
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from server.domain import archives
from server.domain.archives import ArchiveError, ArchiveKey, decode, encode
from tests.fixtures.archives import content
from tests.fixtures.book import Book
from tests.fixtures.waiting import until

ROOT = Path(__file__).resolve().parents[2]


KEY, OTHER_KEY = ArchiveKey("a", bytes(32)), ArchiveKey("b", bytes([1] * 32))
KEYS = {KEY.id: KEY.key}
ROWS = [("appointments", f'{{"id": "{number}"}}') for number in range(20)]


@pytest.mark.parametrize("share", [0.1, 0.3, 0.6, 0.99])
def test_a_damaged_file_is_refused(share: float) -> None:
    whole = encode("a file", "a schema", ROWS, KEY)
    assert len(decode("a file", whole, KEYS)) == 20
    at = int(share * len(whole))
    flipped = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
    for damaged in (whole[:at], flipped, whole + b"x", whole + whole, b"", b"x" * 99, gzip.compress(b"")):
        with pytest.raises(ArchiveError):
            decode("a file", damaged, KEYS)


def test_a_file_that_nobody_with_the_key_wrote_is_refused() -> None:
    whole = encode("a file", "a schema", ROWS, KEY)
    changed = gzip.compress(gzip.decompress(whole).replace(b'"7"', b'"8"'))
    with pytest.raises(ArchiveError, match="was changed after it had been written"):
        decode("a file", changed, KEYS)
    with pytest.raises(ArchiveError, match="YOYAKU_ARCHIVE_KEYS lacks"):
        decode("a file", encode("a file", "a schema", ROWS, OTHER_KEY), KEYS)
    with pytest.raises(ArchiveError, match="was renamed"):
        decode("another file", whole, KEYS)


def test_a_file_of_another_key_reads_once_that_key_is_in_the_list() -> None:
    old = encode("a file", "a schema", ROWS, OTHER_KEY)
    assert len(decode("a file", old, KEYS | {OTHER_KEY.id: OTHER_KEY.key})) == 20


def test_a_small_file_that_unpacks_to_more_than_the_limit_is_refused_before_it_is_unpacked_whole() -> None:
    bomb = gzip.compress(bytes(archives.MOST_BYTES + 1), 1)
    assert len(bomb) < archives.MOST_BYTES // 100
    with pytest.raises(ArchiveError, match="is larger than"):
        decode("a file", bomb, KEYS)


def test_a_batch_that_could_not_be_read_back_is_not_written() -> None:
    row = ("records", json.dumps("x" * 2**20))
    with pytest.raises(ArchiveError, match="use a smaller --size"):
        encode("a file", "a schema", [row] * (archives.MOST_BYTES // 2**20 + 1), KEY)


def test_brackets_without_end_are_no_archive() -> None:
    deep = b"[" * 100_000
    signed = encode("a file", "a schema", [("records", deep.decode())], KEY)
    for file in (gzip.compress(deep), gzip.compress(deep + b"\n" + deep), signed):
        with pytest.raises(ArchiveError, match="damaged or not an archive"):
            decode("a file", file, KEYS)


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
    forged = tmp_path / files[0].name.replace("-records", "-appointments")
    forged.write_bytes(gzip.compress(gzip.decompress(files[0].read_bytes()).replace(b"doctor", b"victim")))
    assert "was changed after it had been written; nothing of it was restored" in await run("restore-archive", forged)
    assert "damaged or not an archive; nothing of it was restored" in await run("restore-archive", damaged)
    assert "rows were missing and have been restored" in await run("restore-archive", *files)
    assert await content(book) == before
