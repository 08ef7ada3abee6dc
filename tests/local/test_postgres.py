"""Primary and standby, as the stack runs them."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from server.local.processes import ports
from server.local.processes.process import Process
from server.local.processes.user import database_user
from server.local.servers import data_location, database
from server.local.servers.postgres import PostgresServer
from tests.fixtures.waiting import eventually

SECONDS = 10


@pytest.fixture
def home() -> Iterator[Path]:
    """A stack's directory that PostgreSQL's user can reach, and with a space in its name."""
    parent = data_location.temporary_home(database_user())
    parent.chmod(0o755)
    yield parent / "a home"
    data_location.remove(parent)


def launched(home: Path, pair: tuple[PostgresServer, PostgresServer]) -> list[Process]:
    primary, standby = pair
    database.make_primary(primary)
    first = primary.launch(home / "primary.log")
    primary.await_ready(first)
    database.prepare(primary)
    database.make_standby(standby, primary)
    second = standby.launch(home / "standby.log", follow=primary)
    standby.await_ready(second)
    database.await_following(second, primary)
    return [second, first]


def stop(processes: list[Process]) -> list[int | None]:
    for process in processes:
        process.stop(SECONDS)
    return [process.popen.returncode for process in processes]


def write(primary: PostgresServer, statement: str) -> None:
    with psycopg.connect(primary.url(database.NAME, database.NAME)) as connection:
        connection.execute(statement.encode())


def replicated(primary: PostgresServer, standby: PostgresServer) -> str:
    """What the standby holds, once it has all that the primary has."""
    end = primary.query("SELECT pg_current_wal_lsn()")
    eventually(lambda: standby.query(f"SELECT pg_last_wal_replay_lsn() >= '{end}'") == "t")
    return standby.query("SELECT string_agg(word, ' ' ORDER BY word) FROM kept", database.NAME)


def test_rows_reach_the_standby_and_outlive_a_restart_on_other_ports(home: Path) -> None:
    home.mkdir()
    first, second, third, fourth = ports.free(4)
    primary, standby = pair = database.servers(home, (first, second))
    running = launched(home, pair)
    try:
        write(primary, "CREATE TABLE kept AS SELECT 'one' AS word")
        assert replicated(primary, standby) == "one"
    finally:
        assert stop(running) == [0, 0]

    moved = (replace(primary, port=third), replace(standby, port=fourth))
    running = launched(home, moved)
    try:
        write(moved[0], "INSERT INTO kept VALUES ('two')")
        assert replicated(*moved) == "one two"
    finally:
        assert stop(running) == [0, 0]


def test_what_was_promoted_is_started_as_the_primary_and_nothing_is_deleted(home: Path) -> None:
    home.mkdir()
    numbers = (*ports.free(2),)
    primary, standby = pair = database.servers(home, (numbers[0], numbers[1]))
    old = primary.data
    running = launched(home, pair)
    try:
        write(primary, "CREATE TABLE kept AS SELECT 'one' AS word")
        assert replicated(primary, standby) == "one"
        assert database.superseded(primary, standby) == ""
        stop([running.pop()])
        standby.query("SELECT pg_promote()")
        write(standby, "INSERT INTO kept VALUES ('two')")
        # The old primary, were it started again now, would be a second one.
        assert "was promoted" in database.superseded(primary, standby)
    finally:
        stop(running)

    for statement in ("INSERT INTO kept VALUES ('three')", "INSERT INTO kept VALUES ('four')"):
        primary, standby = pair = database.servers(home, (numbers[0], numbers[1]))
        assert (primary.name, standby.data) == ("postgres-primary", old)
        running = launched(home, pair)
        try:
            write(primary, statement)
            assert {"one", "two", "three"} <= {*replicated(primary, standby).split()}
        finally:
            assert stop(running) == [0, 0]
    assert [each.name for each in old.parent.glob("*.replaced-*")] == ["primary.replaced-1"]
    assert (old.parent / "primary.replaced-1" / "PG_VERSION").exists()


def test_server_keeps_what_it_confirms_and_checks_what_it_reads(postgres_cluster: PostgresServer) -> None:
    assert postgres_cluster.query("SHOW data_checksums") == "on"
    assert postgres_cluster.query("SELECT boot_val FROM pg_settings WHERE name = 'fsync'") == "on"


def test_log_tells_of_an_error_without_the_values_of_the_row(postgres_cluster: PostgresServer) -> None:
    log = postgres_cluster.data.parent / "log"
    before = len(log.read_text())
    with psycopg.connect(postgres_cluster.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE TEMPORARY TABLE people (phone text UNIQUE, born date CHECK (born > '1900-01-01'))")
        insert = "INSERT INTO people VALUES (%s, %s)"
        for born, refusal in (
            ("1980-01-01", None),
            ("1980-01-01", psycopg.errors.UniqueViolation),
            ("1899-01-01", psycopg.errors.CheckViolation),
        ):
            with pytest.raises(refusal) if refusal else nullcontext():
                connection.execute(insert, ("+81312345678", born))
    # The server writes its log before it answers.
    written = log.read_text()[before:]
    assert "duplicate key value violates unique constraint" in written
    assert "violates check constraint" in written
    assert "+81312345678" not in written
    assert "1899" not in written


def test_log_holds_no_statement_that_went_well_and_no_parameter(postgres_cluster: PostgresServer) -> None:
    for name, value in (
        ("log_error_verbosity", "terse"),
        ("log_parameter_max_length_on_error", "0"),
        ("log_statement", "none"),
        ("log_min_duration_statement", "-1"),
        ("log_min_duration_sample", "-1"),
        ("log_duration", "off"),
    ):
        assert postgres_cluster.query(f"SHOW {name}") == value


def test_nobody_gets_in_without_the_password(postgres_cluster: PostgresServer) -> None:
    stranger = replace(postgres_cluster, password="wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(stranger.url("postgres"))
