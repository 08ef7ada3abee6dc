"""Migrations before and after a release, with the real ones up to the first that the old release does not survive."""

import asyncio
import base64
import os
import shutil
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from db.postgres import schema
from server.commands import app
from server.commands.deploy import migrate
from server.local.servers.postgres import PostgresServer

VERSIONS = Path(schema.__file__).resolve().parents[1] / "migrations" / "versions"
LAST_PRE, POST = "0021_pre_patient_search", "0022_post_old_name_key"


@pytest.fixture
def migrations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the real migrations up to POST, from which `migrate` runs them."""
    shutil.copytree(VERSIONS.parent, tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    versions = tmp_path / "migrations" / "versions"
    for later in versions.glob("*.py"):
        if later.stem > POST:
            later.unlink()
    monkeypatch.setattr(schema, "_SCRIPTS", versions.parent)
    return versions


@pytest.fixture
def url(postgres_cluster: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty database, which `migrate` finds by its setting."""
    postgres_cluster.query("DROP DATABASE IF EXISTS released WITH (FORCE); CREATE DATABASE released")
    url = postgres_cluster.url("released")
    monkeypatch.setenv("YOYAKU_DATABASE_URL", url)
    monkeypatch.setenv("YOYAKU_KEY_ENCRYPTION_KEY", base64.b64encode(os.urandom(32)).decode())
    return url


def run(*options: str) -> Result:
    assert migrate.migrate in [command.callback for command in app.registered_commands]
    return CliRunner().invoke(app, ["migrate", *options])


def revision(url: str) -> str:
    with psycopg.connect(url) as pg:
        return str(pg.execute("SELECT version_num FROM alembic_version").fetchall()[0][0])


def has_old_column(url: str) -> bool:
    with psycopg.connect(url) as pg:
        query = "SELECT FROM information_schema.columns WHERE (table_name, column_name) = ('patients', 'name_key')"
        return bool(pg.execute(query).fetchall())


def test_what_the_old_release_needs_stays_until_post_migrations_may_run(migrations: Path, url: str) -> None:
    for _ in range(2):  # the second time nothing is left to do
        before = run("--pre-only")
        assert before.exit_code == 0, before.output
        assert before.stdout.endswith(f"once the old release is gone: {POST}\n")
        assert revision(url) == LAST_PRE
        assert has_old_column(url)
    after = run()
    assert after.exit_code == 0, after.output
    assert after.stdout == f"schema is at {POST}\n"
    assert not has_old_column(url)
    again = run("--pre-only")
    assert (again.exit_code, again.stdout) == (0, f"schema is at {POST}\n")


def test_a_release_that_was_left_out_is_named_before_anything_runs(migrations: Path, url: str) -> None:
    asyncio.run(schema.upgrade(url, pre_only=True))
    (migrations / "0023_pre_next.py").write_text(
        f'revision, down_revision = "0023_pre_next", "{POST}"\n\n\ndef upgrade() -> None:\n    pass\n'
    )
    refused = run("--pre-only")
    assert refused.exit_code == 1
    assert f"0023_pre_next can only run after {POST}" in refused.stderr
    assert revision(url) == LAST_PRE
    assert run().exit_code == 0
    assert revision(url) == "0023_pre_next"
    assert not has_old_column(url)


def test_every_migration_says_whether_the_old_release_survives_it() -> None:
    names = [path.stem for path in VERSIONS.glob("*.py")]
    assert {name.split("_")[1] for name in names} == {"pre", "post"}
