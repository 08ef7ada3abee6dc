"""Checks every constraint against every row, in a copy that nobody else uses."""

import psycopg

from db.postgres.driver.connections import SESSION_OPTIONS, connect

_UNLIMITED = f"{SESSION_OPTIONS} -c statement_timeout=0 -c lock_timeout=0"
_CHECKED = "contype IN ('f', 'c') AND conrelid <> 0 AND connamespace = 'public'::regnamespace"
_IS_SUPERUSER = "SELECT true FROM pg_roles WHERE rolname = current_user AND rolsuper"
_DOUBT = f"UPDATE pg_constraint SET convalidated = false WHERE {_CHECKED}"
_VALIDATE = f"""
SELECT format('ALTER TABLE %s VALIDATE CONSTRAINT %I', conrelid::regclass, conname)
FROM pg_constraint WHERE {_CHECKED} ORDER BY 1
"""


async def check_constraints(url: str) -> list[str]:
    """What does not hold; takes as long as building all indexes.

    Rebuilding an index checks uniqueness and exclusion for all rows; a foreign key or a condition that is no longer
    known to hold is checked by VALIDATE, for which only a superuser can ask: others check the former only.
    """
    pg = await connect(url, "yoyaku-check", _UNLIMITED)
    async with pg:
        validations = [str(row[0]) for row in await (await pg.execute(_VALIDATE.encode())).fetchall()]
        if await (await pg.execute(_IS_SUPERUSER)).fetchone():
            await pg.execute("SET allow_system_table_mods = on")
            await pg.execute(_DOUBT.encode())
        failures = [await _failure(pg, statement) for statement in ("REINDEX DATABASE", *validations)]
        return [failure for failure in failures if failure]


async def _failure(pg: psycopg.AsyncConnection[object], statement: str) -> str:
    """What PostgreSQL says, without the values of rows."""
    try:
        await pg.execute(statement.encode())
    except psycopg.Error as error:
        return f"{statement}: {error.diag.message_primary}"
    return ""
