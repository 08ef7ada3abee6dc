"""What follows from every change of an appointment, in the change's own transaction."""

from collections.abc import Sequence
from datetime import datetime

from db.postgres import feed
from db.postgres.engines import Connection
from db.postgres.feed import Change


async def record(pg: Connection, changes: Sequence[Change], now: datetime) -> None:
    """Keep what happened to appointments: in their histories, and in the feeds of their clinics.

    The rows must be changed already. Called once in a transaction, after all that locks: a second call might lock the
    feeds of two clinics against their order.
    """
    await feed.add(pg, changes, now)
