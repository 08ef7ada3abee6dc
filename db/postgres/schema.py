"""Migrates a database to the newest schema."""

from collections.abc import Callable
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection as SyncConnection
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.ext.asyncio import create_async_engine

from db.errors import NotPermitted, Unreachable
from db.postgres.cluster import diagnosis, promotion, state
from db.postgres.driver.connections import open_connection

_SCRIPTS = Path(__file__).resolve().parent.parent / "migrations"
_LOCK = 7_309_181_105
LOCK_SECONDS = 3
"""Whatever wants a table waits behind a migration that waits for it: a call must get through before its deadline."""


def _config() -> Config:
    config = Config()
    # Alembic reads the option through configparser, where a lone % is special.
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    return config


def head() -> str:
    """The name of the newest migration."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def names() -> list[str]:
    """All migrations in their order."""
    return [each.revision for each in ScriptDirectory.from_config(_config()).walk_revisions()][::-1]


class OutOfOrder(Exception):
    """A migration that the new release needs comes after one that the old release does not survive."""


class TableInUse(Exception):
    """A migration gave up waiting for a table that a transaction uses; those before it have run."""


async def upgrade(url: str, *, pre_only: bool = False, to: str = "head") -> list[str]:
    """Run all missing migrations on the database at a postgresql:// URL; concurrent runs wait for each other.

    `to` names the last one to run. With `pre_only`, stops before the first `post_` migration, and returns the names of
    those that are left. Raises OutOfOrder, and runs nothing, if a `pre_` migration is among them. Raises the epoch if
    the database was restored from a backup, unless it stops earlier. Raises Unreachable if no host is a primary,
    NotPermitted and TableInUse.
    """
    primary = await promotion.find_primary(url)
    left: list[str] = []

    def step(config: Config) -> None:
        run = _missing(config, to)
        if pre_only:
            run, left[:] = _split(run)
        if run:
            command.upgrade(config, run[-1])

    await _migrate(primary, step)
    if to == "head":
        async with open_connection(primary, "yoyaku-migrate") as pg:
            await state.raise_epoch_if_needed(pg)
    return left


def _missing(config: Config, to: str) -> list[str]:
    """The names of the migrations that the database lacks, in their order."""
    connection: SyncConnection = config.attributes["connection"]
    current = MigrationContext.configure(connection).get_current_revision()
    connection.commit()
    newest_first = ScriptDirectory.from_config(config).iterate_revisions(to, current or "base")
    return [each.revision for each in newest_first][::-1]


def _kind(name: str) -> str:
    """`pre` or `post` of a name such as 0022_post_old_name_key."""
    return name.split("_")[1]


def _split(missing: list[str]) -> tuple[list[str], list[str]]:
    first = next((number for number, name in enumerate(missing) if _kind(name) == "post"), len(missing))
    run, left = missing[:first], missing[first:]
    needed = [name for name in left if _kind(name) == "pre"]
    if needed:
        raise OutOfOrder(f"{needed[0]} can only run after {left[0]}, which the old release does not survive")
    return run, left


async def downgrade(url: str) -> None:
    """Undo all migrations, which deletes all data."""
    await _migrate(url, lambda config: command.downgrade(config, "base"))


async def _migrate(url: str, step: Callable[[Config], None]) -> None:
    engine = create_async_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_run, step)
    except OperationalError as error:
        if isinstance(error.orig, psycopg.errors.LockNotAvailable):
            raise TableInUse(f"a transaction has used a table for more than {LOCK_SECONDS} s") from None
        if isinstance(error.orig, psycopg.errors.DeadlockDetected):
            raise TableInUse("a transaction and the migration have waited for each other") from None
        raise Unreachable(diagnosis.reason(error.orig or error)) from None
    except ProgrammingError as error:
        if isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
            raise NotPermitted(diagnosis.reason(error.orig)) from None
        raise
    finally:
        await engine.dispose()


def _run(connection: SyncConnection, step: Callable[[Config], None]) -> None:
    connection.exec_driver_sql(f"SELECT pg_advisory_lock({_LOCK})")
    connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_SECONDS}s'")
    connection.commit()
    config = _config()
    config.attributes["connection"] = connection
    step(config)
    connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_LOCK})")
    connection.commit()
