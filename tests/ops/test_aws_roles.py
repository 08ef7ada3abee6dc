"""Passwords that a secret store keeps apart from URLs, and roles that take turns while passwords rotate."""

import base64
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from ops.aws import sizes
from server.local.processes.ports import free
from server.local.servers import valkey
from server.local.servers.postgres import PostgresServer
from tests.fixtures.valkey import PASSWORD
from tests.fixtures.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]
ROLES = ("yoyaku", "yoyaku_clone", "yoyaku_owner", "rds")


def run(environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    """A command of the server."""
    program = [sys.executable, "-m", "server", *command]
    return subprocess.run(program, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def roles(postgres_cluster: PostgresServer) -> Iterator[PostgresServer]:
    """The database and roles as on RDS, where nobody is a superuser; `rds` stands for its `postgres`."""
    server = postgres_cluster
    server.query("CREATE ROLE rds LOGIN CREATEROLE CREATEDB PASSWORD 'of-rds'")
    server.query("GRANT pg_monitor TO rds WITH ADMIN OPTION")
    server.query("CREATE DATABASE yoyaku OWNER rds")
    psql: list[str | Path] = [server.programs / "psql", "--no-psqlrc", "--quiet", "--set=password=of-yoyaku"]
    environment = os.environ | {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(server.port),
        "PGUSER": "rds",
        "PGPASSWORD": "of-rds",
        "PGDATABASE": "postgres",
    }
    script = (ROOT / "ops/aws/roles.sql").read_text().replace("CREATE EXTENSION", "-- only RDS lets its postgres")
    try:
        made = subprocess.run(psql, env=environment, input=script, capture_output=True, text=True, check=False)
        assert (made.returncode, made.stderr) == (0, "")
        server.query("ALTER ROLE yoyaku_clone PASSWORD 'of-the-clone'")  # as the rotation does
        yield server
    finally:
        server.query("DROP DATABASE IF EXISTS yoyaku WITH (FORCE)")
        for role in ROLES:
            server.query(f"DROP OWNED BY {role}; DROP ROLE {role}")


@pytest.fixture
def valkey_user(valkey_port: int) -> Iterator[str]:
    """A user with the rights that the programs have on AWS; its password."""
    with redis.Redis.from_url(valkey.url(valkey_port, PASSWORD)) as client:
        client.execute_command("ACL", "SETUSER", "yoyaku", ">of-valkey", *sizes.VALKEY_ACCESS.split())
        yield "of-valkey"
        client.execute_command("ACL", "DELUSER", "yoyaku")


def test_programs_start_with_names_and_passwords_beside_the_urls(
    roles: PostgresServer, valkey_port: int, valkey_user: str
) -> None:
    [port] = free(1)
    environment = {
        "PATH": os.environ["PATH"],
        "YOYAKU_DATABASE_URL": f"postgresql://127.0.0.1:{roles.port}/yoyaku",
        "YOYAKU_CACHE_URL": f"redis://yoyaku@127.0.0.1:{valkey_port}/0",
        "YOYAKU_CACHE_PASSWORD": valkey_user,
        "YOYAKU_TOKEN_STORE_URL": f"redis://yoyaku@127.0.0.1:{valkey_port}/1",
        "YOYAKU_TOKEN_STORE_PASSWORD": valkey_user,
        "YOYAKU_KEY_ENCRYPTION_KEY": base64.b64encode(os.urandom(32)).decode(),
        "YOYAKU_LISTEN": f"0.0.0.0:{port}",
    }
    mine = environment | {"PGUSER": "yoyaku", "PGPASSWORD": "of-yoyaku"}
    other = environment | {"PGUSER": "yoyaku_clone", "PGPASSWORD": "of-the-clone"}
    assert run(mine, "migrate").returncode == 0
    assert run(other, "migrate").returncode == 0
    nobody = run(other, "healthy")
    assert nobody.returncode == 1
    assert nobody.stderr.startswith(f"error: no worker answers at 0.0.0.0:{port}")
    level = run(other, "log-level", "debug")
    assert level.returncode == 0, level.stderr
    with subprocess.Popen([sys.executable, "-m", "server", "serve"], cwd=ROOT, env=other) as worker:
        try:
            eventually(lambda: run(other, "healthy").returncode == 0)
        finally:
            worker.terminate()
    assert worker.returncode == 0


def test_what_one_role_makes_the_other_can_change(roles: PostgresServer) -> None:
    def connected(role: str, password: str) -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1", port=roles.port, dbname="yoyaku", user=role, password=password, autocommit=True
        )

    with connected("yoyaku", "of-yoyaku") as mine, connected("yoyaku_clone", "of-the-clone") as other:
        mine.execute("CREATE TABLE things (id integer)")
        other.execute("ALTER TABLE things ADD COLUMN name text")
        mine.execute("DROP TABLE things")
        timeout = other.execute("SHOW statement_timeout").fetchone()
    assert timeout == ("0",)
