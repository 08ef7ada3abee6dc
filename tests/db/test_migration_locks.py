"""Migrations are linted for locks, and wait for none for long."""

import asyncio
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from db.postgres import schema
from ops.locks import VERSIONS, complaints
from protos.breaking import ROOT
from server.local.servers.postgres import PostgresServer
from tests.fixtures.waiting import eventually

BAD = "CREATE INDEX appointments_again ON appointments (created_at)"
LOCKED = "SELECT true FROM pg_locks WHERE relation = 'clinics'::regclass AND mode = 'AccessExclusiveLock' AND granted"
NOT_VALID = "ALTER TABLE appointments ADD CONSTRAINT positive CHECK (version > 0) NOT VALID"
FILL = "UPDATE appointments SET reason = upper(reason)"
GOOD = "ALTER TABLE appointments ADD COLUMN remark text"


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    target = tmp_path / "migrations"
    shutil.copytree(ROOT / VERSIONS.parent, target, ignore=shutil.ignore_patterns("__pycache__"))
    return target


def added(scripts: Path, statement: str) -> set[str]:
    """Add a migration with one statement; the names of those before it."""
    before = {path.stem for path in (scripts / "versions").glob("0*.py")}
    (scripts / "versions" / "9999_pre_next.py").write_text(
        f'from alembic import op\n\nrevision, down_revision = "9999_pre_next", "{max(before)}"\n\n\n'
        f'def upgrade() -> None:\n    op.execute("{statement}")\n'
    )
    return before


@pytest.mark.parametrize(
    ("statement", "rules"),
    [
        (GOOD, []),
        (BAD, ["require-concurrent-index-creation"]),
        ("ALTER TABLE appointments ALTER COLUMN version TYPE bigint", ["changing-column-type"]),
        ("ALTER TABLE appointments ADD CONSTRAINT positive CHECK (version > 0)", ["constraint-missing-not-valid"]),
        (f"{NOT_VALID}; ALTER TABLE appointments VALIDATE CONSTRAINT positive", ["constraint-missing-not-valid"]),
        (f"{GOOD}; {FILL}", ["update-after-alter"]),
        (f"{FILL}; {GOOD}", []),
        ("-- squawk-ignore require-concurrent-index-creation\\n" + BAD, []),
    ],
)
def test_a_new_migration_that_locks_a_table_for_long_is_refused(
    scripts: Path, statement: str, rules: list[str]
) -> None:
    found = complaints(scripts, added(scripts, statement))
    assert [next(rule for rule in rules if rule in line) for line in found] == rules


@pytest.fixture
def url(postgres_cluster: PostgresServer) -> Iterator[str]:
    postgres_cluster.query("DROP DATABASE IF EXISTS locked WITH (FORCE); CREATE DATABASE locked")
    found = postgres_cluster.url("locked")
    asyncio.run(schema.upgrade(found))
    yield found
    postgres_cluster.query("DROP DATABASE locked WITH (FORCE)")


def test_a_migration_gives_up_soon_rather_than_hold_up_all_that_wait_behind_it(
    url: str, scripts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added(scripts, GOOD)
    monkeypatch.setattr(schema, "_SCRIPTS", scripts)
    with psycopg.connect(url) as reader:
        reader.execute("SELECT FROM appointments")
        with pytest.raises(schema.TableInUse):
            asyncio.run(schema.upgrade(url))
    asyncio.run(schema.upgrade(url))


def test_a_migration_that_deadlocks_with_a_call_can_be_run_again(
    url: str, scripts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added(scripts, "LOCK TABLE clinics, doctors")
    monkeypatch.setattr(schema, "_SCRIPTS", scripts)
    with psycopg.connect(url) as other, ThreadPoolExecutor(1) as pool:
        other.execute("SET deadlock_timeout = '1h'")  # the migration is the one that gives way
        other.execute("LOCK TABLE doctors")
        migrating = pool.submit(lambda: asyncio.run(schema.upgrade(url)))
        eventually(lambda: bool(other.execute(LOCKED).fetchone()))
        other.execute("LOCK TABLE clinics")
        with pytest.raises(schema.TableInUse):
            migrating.result()
    asyncio.run(schema.upgrade(url))
