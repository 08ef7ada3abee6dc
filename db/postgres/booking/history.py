"""What happened to an appointment, for people to read."""

from datetime import datetime
from typing import NamedTuple

from db.postgres.cluster.engines import Connection, Sent
from db.postgres.driver.pipeline import named


class HistoryRow(NamedTuple):
    """An entry in the history of an appointment; numbers rise with time."""

    number: int
    happened_at: datetime
    actor: str
    event: str
    note: str
    relation: str
    """What who did it is to the patient, if a representative did; else empty."""


_PAGE = """
SELECT id, happened_at, actor, event, note, relation FROM appointment_events
WHERE appointment_id = %(appointment_id)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
"""


async def page(pg: Connection, appointment_id: str, *, after: int, limit: int) -> Sent[HistoryRow]:
    """The first entries after a number, the oldest first."""
    cursor = pg.cursor(row_factory=named(HistoryRow))
    await cursor.execute(_PAGE, {"appointment_id": appointment_id, "after": after, "limit": limit})
    return cursor
