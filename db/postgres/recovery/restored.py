"""A database that was just restored, before anybody else uses it."""

from datetime import datetime
from typing import NamedTuple

from db.postgres.cluster import state
from db.postgres.cluster.engines import Connection
from db.postgres.driver.connections import connect


class AnnouncementRow(NamedTuple):
    """A job that was to plan the notices of a change."""

    appointment_id: str
    kind: str
    version: int
    start_at: str


# It writes every account.
_PATIENTLY = "SET LOCAL statement_timeout = '10min'"
_END_SESSIONS = "UPDATE accounts SET generation = greatest(generation + 1, %(at_least)s)"
_LAST_WRITE = "SELECT pg_last_xact_replay_timestamp()"
_ANNOUNCEMENTS = """
SELECT args->>'appointment_id', args->>'kind', (args->>'version')::integer, args->>'start_at'
FROM procrastinate_jobs WHERE task_name = 'announce' AND status IN ('todo', 'doing') ORDER BY id
"""
_GIVE_UP = """
UPDATE notifications SET status = 'dead', outcome = 'outcome_unknown', updated_at = %(now)s
WHERE status IN ('waiting', 'sending') OR status = 'planned' AND due_at <= %(now)s
RETURNING id
"""
_FORGET_JOBS = """
DELETE FROM procrastinate_jobs WHERE task_name IN ('announce', 'deliver') AND status IN ('todo', 'doing')
"""
_SYNCHRONOUS = "SELECT FROM pg_file_settings WHERE name = 'synchronous_standby_names' AND setting <> ''"
_ASYNCHRONOUS = "ALTER SYSTEM RESET synchronous_standby_names"


async def last_write(url: str) -> datetime | None:
    """The time of the last transaction that was replayed; None if there was none to replay."""
    pg = await connect(url, "yoyaku-restore")
    async with pg:
        row = await (await pg.execute(_LAST_WRITE)).fetchone()
        return row[0] if row else None


async def expect_no_standby(url: str) -> bool:
    """Let commits wait for no standby from the next start on, since none follows yet; whether they would have."""
    pg = await connect(url, "yoyaku-restore")
    async with pg:
        found = await (await pg.execute(_SYNCHRONOUS)).fetchall()
        if found:
            await pg.execute(_ASYNCHRONOUS)
        return bool(found)


async def raise_epoch(pg: Connection, at_least: int) -> int:
    """Give the database a new epoch, above its own and not below this number."""
    return await state.raise_epoch_to(pg, at_least)


async def end_sessions(pg: Connection, at_least: int) -> None:
    """End all sessions of all accounts, by a generation of each that is above its own and not below this number."""
    await pg.execute(_PATIENTLY)
    await pg.execute(_END_SESSIONS, {"at_least": at_least})


async def announcements(pg: Connection) -> list[AnnouncementRow]:
    """The changes whose notices were not planned yet, in their order."""
    return [AnnouncementRow(*row) for row in await (await pg.execute(_ANNOUNCEMENTS)).fetchall()]


async def give_up_unknown(pg: Connection, now: datetime) -> int:
    """Make dead letters of all notices that may have been sent by now, with an unknown outcome; how many."""
    given_up = await (await pg.execute(_GIVE_UP, {"now": now})).fetchall()
    await pg.execute(_FORGET_JOBS)
    return len(given_up)
