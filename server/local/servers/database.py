"""The stack's PostgreSQL: where primary and standby keep their data, and what they contain initially."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from server.local import LocalError, secret
from server.local.processes.process import Process
from server.local.processes.user import database_user
from server.local.servers import binaries, data_location
from server.local.servers.postgres import PostgresServer

NAME = "yoyaku"
FOLLOW_SECONDS = 30.0
STREAMING = "SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'"
# The application is not a superuser: it owns its database, and may see how far the standbys have replayed.
ROLE = f"CREATE ROLE {NAME} LOGIN PASSWORD :'password' IN ROLE pg_monitor"
DATABASE = f"CREATE DATABASE {NAME} OWNER {NAME}"
EXTENSION = "CREATE EXTENSION IF NOT EXISTS pg_stat_statements"
MAY_PROMOTE = f"GRANT EXECUTE ON FUNCTION pg_promote TO {NAME}"


def given(environment: Mapping[str, str]) -> str | None:
    """The URL of the database that the user has set instead of the stack's own, if any."""
    if path := environment.get("YOYAKU_DATABASE_URL_FILE"):
        return Path(path).read_text().strip()
    return environment.get("YOYAKU_DATABASE_URL")


def servers(home: Path, ports: tuple[int, int]) -> tuple[PostgresServer, PostgresServer]:
    """The primary and the standby, on these ports, with their data in the stack's directory. Raises LocalError."""
    user = database_user(home / data_location.DATA)
    data = data_location.data_home(home, user)
    primary = PostgresServer(
        name="postgres-primary",
        programs=data_location.programs_for(user, binaries.postgres(), data),
        user=user,
        data=data / "primary",
        port=ports[0],
        password=secret.keep(home / "secrets" / "database-password", 24),
    )
    standby = replace(primary, name="postgres-standby", data=data / "standby", port=ports[1])
    if superseded(primary, standby):
        primary, standby = replace(primary, data=standby.data), replace(standby, data=primary.data)
    return primary, standby


def superseded(primary: PostgresServer, standby: PostgresServer) -> str:
    """Why a primary must not be started: its standby was promoted in its place. Empty if that is not so."""
    if not standby.data.exists() or _follows(standby):
        return ""
    if primary.data.exists() and not _follows(primary) and _timeline(primary) >= _timeline(standby):
        return ""
    return f"{standby.name} was promoted and is the primary now; the next `make up` makes this one its standby"


def make_primary(primary: PostgresServer) -> None:
    """Create its data directory if there is none. Raises LocalError."""
    if not primary.data.exists():
        primary.initialise()


def prepare(primary: PostgresServer) -> None:
    """Create the application's role and database if they are missing. Raises LocalError."""
    if not primary.query(f"SELECT 1 FROM pg_roles WHERE rolname = '{NAME}'"):  # noqa: S608  # a constant
        primary.query(ROLE)
    if not primary.query(f"SELECT 1 FROM pg_database WHERE datname = '{NAME}'"):  # noqa: S608  # a constant
        primary.query(DATABASE)
    primary.query(EXTENSION, NAME)
    primary.query(MAY_PROMOTE, NAME)


def url_of(servers: Sequence[PostgresServer]) -> str:
    """The URL of the application's database, which lists all its servers."""
    first, *others = (urlsplit(server.url(NAME, NAME)) for server in servers)
    hosts = ",".join([first.netloc, *(other.netloc.rpartition("@")[2] for other in others)])
    return urlunsplit(first._replace(netloc=hosts))


def make_standby(standby: PostgresServer, primary: PostgresServer) -> Path | None:
    """Copy the running primary's data if there is no copy, or if a standby has become the primary. Raises LocalError.

    In the second case what was the primary's data is set aside; where to.
    """
    kept = None
    if standby.data.exists() and not _follows(standby):
        kept = _free_name(standby.data)
        standby.data.rename(kept)
    if not standby.data.exists():
        standby.clone(primary)
    return kept


def _follows(server: PostgresServer) -> bool:
    """Whether it is a standby that has not been promoted."""
    return (server.data / "standby.signal").exists()


def _timeline(server: PostgresServer) -> int:
    """The server's timeline: each promotion begins a new one."""
    return max((int(path.stem, 16) for path in (server.data / "pg_wal").glob("*.history")), default=1)


def _free_name(data: Path) -> Path:
    names = (data.with_name(f"{data.name}.replaced-{number}") for number in count(1))
    return next(name for name in names if not name.exists())


def await_following(standby: Process, primary: PostgresServer) -> None:
    """Return when the standby follows the primary. Raises LocalError."""
    deadline = time.monotonic() + FOLLOW_SECONDS
    while not primary.query(STREAMING):
        standby.check()
        if time.monotonic() > deadline:
            raise LocalError(
                "the standby does not follow the primary, whose data is whole: move the directory of the standby's data"
                f" away and run `make up`, which copies it again; {standby.last_words()}"
            )
        time.sleep(0.1)
