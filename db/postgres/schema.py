"""Migrates a database to the newest schema."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection as SyncConnection
from sqlalchemy.ext.asyncio import create_async_engine

from db.postgres.cluster import promotion, state
from db.postgres.driver.connections import open_connection

_SCRIPTS = Path(__file__).resolve().parent.parent / "migrations"
_LOCK = 7_309_181_105


def _config() -> Config:
    config = Config()
    # Alembic reads the option through configparser, where a lone % is special.
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    return config


def head() -> str:
    """The name of the newest migration."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


async def upgrade(url: str) -> None:
    """Run all missing migrations on the database at a postgresql:// URL; concurrent runs wait for each other.

    Raises the epoch if the database was restored from a backup. Raises Unreachable if no host is a primary.
    """
    primary = await promotion.find_primary(url)
    await _migrate(primary, lambda config: command.upgrade(config, "head"))
    async with open_connection(primary, "yoyaku-migrate") as pg:
        await state.raise_epoch_if_needed(pg)


async def downgrade(url: str) -> None:
    """Undo all migrations, which deletes all data."""
    await _migrate(url, lambda config: command.downgrade(config, "base"))


async def _migrate(url: str, step: Callable[[Config], None]) -> None:
    engine = create_async_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_run, step)
    finally:
        await engine.dispose()


def _run(connection: SyncConnection, step: Callable[[Config], None]) -> None:
    connection.exec_driver_sql(f"SELECT pg_advisory_lock({_LOCK})")
    connection.commit()
    config = _config()
    config.attributes["connection"] = connection
    step(config)
    connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_LOCK})")
    connection.commit()
