"""What commands say when the database or the settings are at fault: one line that names the cause."""

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from server.commands import app
from server.commands.access import rotate_keys
from server.commands.deploy import migrate
from server.commands.records import verify_audit
from server.commands.stack import certificate
from server.local.servers.postgres import PostgresServer

EMPTY = "without_tables"


@pytest.fixture
def empty(postgres_cluster: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database without tables, which the commands find by its setting."""
    postgres_cluster.query(f"DROP DATABASE IF EXISTS {EMPTY} WITH (FORCE)")
    postgres_cluster.query(f"CREATE DATABASE {EMPTY}")
    monkeypatch.setenv("YOYAKU_DATABASE_URL", postgres_cluster.url(EMPTY))
    monkeypatch.setenv("YOYAKU_KEY_ENCRYPTION_KEY", base64.b64encode(os.urandom(32)).decode())
    return postgres_cluster.url(EMPTY)


def error_of(*command: str) -> str:
    assert {migrate.migrate, rotate_keys.rotate_keys, verify_audit.verify_audit} <= {
        each.callback for each in app.registered_commands
    }
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr.removeprefix("error: ").rstrip()


COMMANDS = [["migrate"], ["rotate-keys"], ["verify-audit"]]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_says_why_the_database_cannot_be_used(
    empty: str, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    for url, why in {
        "postgresql://yoyaku:hunter2@127.0.0.1:1/yoyaku": "127.0.0.1:1 says: Connection refused",
        empty.replace(EMPTY, "nowhere"): 'says: database "nowhere" does not exist',
        empty.replace("//postgres:", "//somebody:"): 'says: password authentication failed for user "somebody"',
    }.items():
        monkeypatch.setenv("YOYAKU_DATABASE_URL", url)
        error = error_of(*command)
        assert error.startswith("the database cannot be used: "), error
        assert why in error
        assert "hunter2" not in error


@pytest.mark.parametrize("command", COMMANDS[1:], ids=" ".join)
def test_a_command_says_that_the_database_has_to_be_migrated(empty: str, command: list[str]) -> None:
    assert error_of(*command).endswith("does not exist): run `python -m server migrate`")


def test_a_file_that_cannot_be_written_is_named(empty: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert certificate.certificate in [each.callback for each in app.registered_commands]
    assert error_of("certificate", str(tmp_path / "file" / "below")).startswith(f"{tmp_path / 'file'}")


def test_a_full_disk_is_an_error_that_says_so() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "server", "metrics"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (
        1,
        "error: what is written to: the disk is full: make room, then run this again\n",
    )


def test_a_key_that_is_malformed_is_an_error_that_says_so(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOYAKU_KEY_ENCRYPTION_KEY", "too short")
    assert error_of("rotate-keys").startswith("the key-encryption key must be 32 bytes in base64")
