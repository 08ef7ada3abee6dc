"""The WAL that a restore gets, while a running server's goes on moving from the stream into the archive."""

from datetime import UTC, datetime
from pathlib import Path

from server.backups.barman import Backup, Barman

BACKUP = Backup(
    "20260301T000000",
    is_full=True,
    ended_at=datetime(2026, 3, 1, tzinfo=UTC),
    bytes=1,
    is_kept=False,
    is_obsolete=False,
)
COMPLETE, NEWEST = "00000001000000000000000A", "00000001000000000000000B"
RESTORE = """#!/bin/sh
for into; do :; done
mkdir -p "$into/barman_wal"
cd {streamed}
"""


def fetched(directory: Path, during: str) -> dict[str, str]:
    """The WAL of a restore, during which something happens in the streaming directory."""
    barman = Barman(directory / "home", "", directory)
    barman.streamed.mkdir(parents=True)
    (barman.streamed / COMPLETE).write_text("complete")
    (barman.streamed / f"{NEWEST}.partial").write_text("so far")
    program = directory / "barman"
    program.write_text(RESTORE.format(streamed=barman.streamed) + during)
    program.chmod(0o755)
    barman.fetch(BACKUP, directory / "restored", None)
    assert {path.name for path in directory.iterdir()} == {"home", "barman", "restored"}
    return {path.name: path.read_text() for path in (directory / "restored" / "barman_wal").iterdir()}


def test_a_restore_gets_what_was_streamed_last(tmp_path: Path) -> None:
    assert fetched(tmp_path, "") == {COMPLETE: "complete", NEWEST: "so far"}


def test_what_moves_into_the_archive_after_barman_has_looked_there_is_not_missing(tmp_path: Path) -> None:
    moves = f"rm {COMPLETE}; mv {NEWEST}.partial {NEWEST}"
    assert fetched(tmp_path, moves) == {COMPLETE: "complete", NEWEST: "so far"}


def test_what_barman_has_brought_whole_stays(tmp_path: Path) -> None:
    brings = f'rm {NEWEST}.partial; echo -n whole > "$into/barman_wal/{NEWEST}"'
    assert fetched(tmp_path, brings) == {COMPLETE: "complete", NEWEST: "whole"}
