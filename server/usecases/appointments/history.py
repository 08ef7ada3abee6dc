"""What follows from every change of an appointment, in the change's own transaction."""

from collections.abc import Sequence
from datetime import datetime

from db.postgres import feed
from db.postgres.cluster.engines import Connection
from db.postgres.feed import AppointmentChange
from server.domain.notices import KIND_OF_EVENT


async def record(pg: Connection, changes: Sequence[AppointmentChange], now: datetime) -> None:
    """Keep what happened to appointments: in their histories and the feeds of their clinics; queue what patients hear.

    The rows must be changed already. Called once in a transaction, after all that locks: a second call might lock the
    feeds of two clinics against their order.
    """
    await feed.add(pg, changes, [KIND_OF_EVENT.get(each.event) for each in changes], now)
