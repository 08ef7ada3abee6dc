"""Says, for people who run a command, why a database cannot be used."""

import asyncio

import psycopg

from db.postgres.cluster.state import place, single_hosts
from db.postgres.driver.connections import open_connection

_STATE = "SELECT pg_is_in_recovery(), to_regclass('cluster_epoch') IS NULL"
_PRIMARY = "accepts writes now"


async def why_unusable(url: str) -> str:
    """What each server of a postgresql:// URL says, and what to do; holds no password."""
    said = await asyncio.gather(*map(_said, single_hosts(url)))
    primaries = said.count(_PRIMARY)
    advice = {0: "", 1: "; run this again"}.get(primaries, "; only one of them may: stop the others")
    return "; ".join(f"{place(each)} {text}" for each, text in zip(single_hosts(url), said, strict=True)) + advice


async def _said(url: str) -> str:
    try:
        async with open_connection(url, "yoyaku-diagnosis") as pg:
            row = await (await pg.execute(_STATE)).fetchone()
    except (psycopg.Error, OSError) as error:
        return f"says: {reason(error)} (does it run, and is YOYAKU_DATABASE_URL right?)"
    match row:
        case (True, _):
            return "is a standby, which takes no writes"
        case (_, True):
            return "has no tables of yoyaku: run `python -m server migrate`"
    return _PRIMARY


def reason(error: BaseException) -> str:
    """The reason in an error of a connection: its text without the address and the hints that libpq puts around it."""
    text = str(error).strip() or type(error).__name__
    return text.rpartition(" failed: ")[2].splitlines()[0].removeprefix("FATAL:").strip()
