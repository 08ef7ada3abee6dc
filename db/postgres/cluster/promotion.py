"""Finds the primary among several servers, and makes a standby the primary when there is none."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg

from db.errors import StateError, Unreachable
from db.postgres.cluster import state
from db.postgres.cluster.state import place
from db.postgres.driver.connections import open_connection
from db.postgres.driver.pipeline import Connection

_PROMOTE_SECONDS = 60
_IS_STANDBY = "SELECT pg_is_in_recovery()"
# A promoted standby replays all that it has received before it accepts writes.
_RECEIVED = "SELECT greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::text"
_PROMOTE = "SELECT pg_promote(true, %(seconds)s::integer)"


class NotPromoted(StateError):
    """No standby was made the primary; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Promoted:
    """The new primary, the WAL position up to which it has the old primary's writes, and the new epoch."""

    server: str
    received: str
    epoch: int
    silent: Sequence[str]
    """Servers that did not answer, so that nothing is known about them."""


async def find_primary(url: str) -> str:
    """The URL of the one host that accepts writes; a URL with a single host is returned unchecked.

    Raises Unreachable if no host does, or more than one.
    """
    hosts = state.single_hosts(url)
    if len(hosts) == 1:
        return url
    primaries = []
    for each in hosts:
        with suppress(psycopg.Error, OSError):
            async with open_connection(each, "yoyaku-find") as pg:
                if not await _value(pg, _IS_STANDBY):
                    primaries.append(each)
    if len(primaries) != 1:
        takers = " and ".join(map(place, primaries)) or f"none of {', '.join(map(place, hosts))}"
        raise Unreachable(f"exactly one server must accept writes, but {takers} do")
    return primaries[0]


async def promote(url: str) -> Promoted:
    """Promote the standby that has received the most WAL, of the hosts in a URL, and raise the epoch.

    Raises NotPromoted, also while one of the hosts is a primary.
    """
    received: dict[str, str] = {}
    silent: list[str] = []
    for each in state.single_hosts(url):
        try:
            async with open_connection(each, "yoyaku-promote") as pg:
                if not (await state.raise_epoch_if_needed(pg)).is_standby:
                    raise NotPromoted(f"{place(each)} accepts writes: stop it first, or two servers would")
                received[each] = str(await _value(pg, _RECEIVED))
        except (psycopg.Error, OSError):
            silent.append(place(each))
    if not received:
        raise NotPromoted(f"none of {', '.join(silent)} answers: start one of them")
    chosen = max(received, key=lambda each: _position(received[each]))
    return Promoted(place(chosen), received[chosen], await _promote(chosen), silent)


async def _promote(url: str) -> int:
    async with open_connection(url, "yoyaku-promote", statement_seconds=_PROMOTE_SECONDS + 5) as pg:
        try:
            promoted = await _value(pg, _PROMOTE, {"seconds": _PROMOTE_SECONDS})
        except psycopg.errors.InsufficientPrivilege:
            raise NotPromoted(
                f"the role may not promote {place(url)}: run `SELECT pg_promote()` there as a superuser;"
                " the workers follow by themselves"
            ) from None
        if not promoted:
            raise NotPromoted(f"{place(url)} has not become the primary within {_PROMOTE_SECONDS} s: see its log")
        return (await state.raise_epoch_if_needed(pg)).epoch


async def _value(pg: Connection, statement: str, values: dict[str, Any] | None = None) -> Any:  # of any column
    row = await (await pg.execute(statement, values)).fetchone()
    return row[0] if row else None


def _position(lsn: str) -> tuple[int, int]:
    high, low = lsn.split("/")
    return int(high, 16), int(low, 16)
