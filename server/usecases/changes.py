"""What follows from every change of an appointment, in the change's own transaction."""

from collections.abc import Sequence
from datetime import datetime

from db.postgres import appointments
from db.postgres.engines import Connection


async def record(
    pg: Connection, appointment_ids: Sequence[str], event: str, *, actor: str, note: str, now: datetime
) -> None:
    """Keep what happened to appointments: their history. The rows must be changed already."""
    await appointments.add_events(pg, appointment_ids, event, actor=actor, note=note, now=now)
