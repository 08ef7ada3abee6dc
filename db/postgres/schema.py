"""Brings a database to the newest schema."""

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection as SyncConnection
from sqlalchemy.ext.asyncio import create_async_engine

_SCRIPTS = Path(__file__).resolve().parent.parent / "migrations"
_LOCK = 7_309_181_105


def _config() -> Config:
    config = Config()
    # Alembic reads the option through configparser, where a lone % is special.
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    return config


def head() -> str:
    """Name of the newest migration."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


async def upgrade(url: str, revision: str = "head") -> None:
    """Run the migrations up to `revision` on the database at a postgresql:// URL; one runner at a time."""
    engine = create_async_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_run, revision)
    finally:
        await engine.dispose()


def _run(connection: SyncConnection, revision: str) -> None:
    connection.exec_driver_sql(f"SELECT pg_advisory_lock({_LOCK})")
    connection.commit()
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_LOCK})")
    connection.commit()


def upgrade_now(url: str) -> None:
    """Run all migrations from a program without an event loop."""
    asyncio.run(upgrade(url))
