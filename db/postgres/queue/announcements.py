"""What staff have to say to those who wait: a line for a clinic, and one for each lane."""

from datetime import datetime

from db.postgres.cluster.engines import Connection

_PUT = """
INSERT INTO announcements (place_id, clinic_id, text, actor, set_at)
VALUES (%(place_id)s, %(clinic_id)s, %(text)s, %(actor)s, %(now)s)
ON CONFLICT (place_id) DO UPDATE SET (text, actor, set_at) = (excluded.text, excluded.actor, excluded.set_at)
"""


async def put(pg: Connection, place_id: str, clinic_id: str, text: str, actor: str, now: datetime) -> None:
    """Set the line of a place, which is a clinic or a lane of it; an empty text says nothing."""
    values = {"place_id": place_id, "clinic_id": clinic_id, "text": text, "actor": actor, "now": now}
    await pg.execute(_PUT, values)
