"""The schema: tables in code and migrations are the same, migrations go back and forth."""

import asyncio
import re
import subprocess
from pathlib import Path

from procrastinate.schema import SchemaManager
from sqlalchemy import create_engine, text

from db.postgres import schema
from db.postgres.notifications import job_schema
from db.postgres.tables import metadata
from server.local.servers import binaries
from server.local.servers.postgres import PostgresServer


def dump(url: str) -> list[str]:
    """What pg_dump says of a database's schema, without what differs from run to run."""
    options = ["--schema-only", "--no-owner", "--exclude-table=alembic_version"]
    command: list[str | Path] = [binaries.postgres() / "pg_dump", *options, url]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = output.splitlines()
    return [line for line in lines if line and not line.startswith(("--", "\\restrict", "\\unrestrict"))]


def test_tables_in_code_and_those_of_procrastinate_are_the_sum_of_the_migrations(
    postgres_cluster: PostgresServer, database_url: str
) -> None:
    postgres_cluster.query("CREATE DATABASE from_tables")
    engine = create_engine(postgres_cluster.url("from_tables").replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("CREATE EXTENSION btree_gist"))
        metadata.create_all(connection)
        connection.exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))
        connection.exec_driver_sql(job_schema.WITHOUT_NOTIFY)
    engine.dispose()
    from_tables, migrated = dump(postgres_cluster.url("from_tables")), dump(database_url)
    assert sorted(from_tables) == sorted(migrated)
    assert any("appointments_no_overlap" in line for line in migrated)


def test_migrations_go_back_and_forth(postgres_cluster: PostgresServer, database_url: str) -> None:
    before = dump(database_url)
    asyncio.run(schema.downgrade(database_url))
    assert not [line for line in dump(database_url) if line.startswith("CREATE TABLE")]
    asyncio.run(schema.upgrade(database_url))
    assert dump(database_url) == before


def test_two_runners_do_not_meet(postgres_cluster: PostgresServer) -> None:
    postgres_cluster.query("CREATE DATABASE twice")

    async def both() -> None:
        await asyncio.gather(*(schema.upgrade(postgres_cluster.url("twice")) for _ in range(2)))

    asyncio.run(both())
    assert any("CREATE TABLE" in line for line in dump(postgres_cluster.url("twice")))


def test_every_constraint_is_named_by_us(database_url: str) -> None:
    text = "\n".join(line for line in dump(database_url) if "procrastinate" not in line)
    made_up = re.findall(r"CONSTRAINT (\w+_(?:check\d*|excl\d*|key\d*|not_null\d*)) ", text)
    assert made_up == []
