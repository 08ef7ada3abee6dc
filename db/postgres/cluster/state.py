"""The state of a server (primary or standby, WAL position, epoch), and how a standby is promoted.

A history is a database system and one of its timelines. An epoch belongs to one history: after a promotion or a restore
the history is a new one, revisions may repeat, and so the epoch must rise before anything is written.
"""

from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

from db.postgres.driver.pipeline import Connection, Sent, named


class StateRow(NamedTuple):
    """The state that a server reports."""

    is_standby: bool
    position: int
    """What a primary has written or a standby has replayed, in bytes of WAL."""
    epoch: int
    is_named: bool
    """Whether the epoch belongs to the server's history; always true on a standby."""
    system: str
    """The identifier of the database system, which the primary and its standbys share."""


_SYSTEM = "(SELECT system_identifier FROM pg_control_system())::text"
_HISTORY = f"{_SYSTEM} || ':' || left(pg_walfile_name(pg_current_wal_lsn()), 8)"
_STATE = f"""
SELECT pg_is_in_recovery(),
    (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END - '0/0')::bigint,
    epoch,
    CASE WHEN pg_is_in_recovery() THEN true ELSE history = {_HISTORY} END,
    {_SYSTEM}
FROM cluster_epoch
"""
_RAISE_EPOCH = f"UPDATE cluster_epoch SET epoch = epoch + 1, history = {_HISTORY} WHERE history <> {_HISTORY}"
_RAISE_EPOCH_TO = f"""
UPDATE cluster_epoch SET epoch = greatest(epoch + 1, %(at_least)s), history = {_HISTORY} RETURNING epoch
"""
# The position of the next WAL record: everything committed lies before it.
_WRITTEN = "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint"
_ALLOWED = """
SELECT current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer
    - current_setting('reserved_connections')::integer
"""
_REPLAYED = "SELECT coalesce(pg_last_wal_replay_lsn() - '0/0', 0)::bigint"


def single_hosts(url: str) -> list[str]:
    """One URL for each host of a postgresql:// URL, which lists them with commas as libpq does."""
    parts = urlsplit(url)
    credentials, at, hosts = parts.netloc.rpartition("@")
    return [urlunsplit(parts._replace(netloc=f"{credentials}{at}{host}")) for host in hosts.split(",")]


def place(url: str) -> str:
    """The host:port of a URL with one host, for logs and error texts."""
    return urlsplit(url).netloc.rpartition("@")[2]


async def raise_epoch_if_needed(pg: Connection) -> StateRow:
    """Raise the epoch if the server is a primary with a new history; its state after that."""
    row = await _state(pg)
    if row.is_named:
        return row
    await pg.execute(_RAISE_EPOCH)
    return await _state(pg)


async def raise_epoch_to(pg: Connection, at_least: int) -> int:
    """Raise the epoch of a primary, to a number that is not below `at_least`; the epoch."""
    row = await (await pg.execute(_RAISE_EPOCH_TO, {"at_least": at_least})).fetchone()
    if row is None:
        raise LookupError("cluster_epoch has no row")
    return int(row[0])


async def _state(pg: Connection) -> StateRow:
    row = await (await pg.cursor(row_factory=named(StateRow)).execute(_STATE)).fetchone()
    if row is None:
        raise LookupError("cluster_epoch has no row")
    return row


async def written(pg: Connection) -> Sent[tuple[int]]:
    """The position up to which a primary has written, after all that it has committed."""
    return await pg.execute(_WRITTEN)


async def replayed(pg: Connection) -> int:
    """The position up to which a standby has replayed."""
    row = await (await pg.execute(_REPLAYED)).fetchone()
    return int(row[0]) if row else 0


async def connections_allowed(pg: Connection) -> int:
    """How many connections a server accepts from ordinary roles."""
    row = await (await pg.execute(_ALLOWED)).fetchone()
    return int(row[0]) if row else 0
