"""Series of appointments."""

from db.postgres.booking.appointments import SELECT, AppointmentRow
from db.postgres.cluster.engines import Connection, Sent
from db.postgres.driver.pipeline import named

_FOLLOWING = (
    SELECT
    + """
WHERE a.series_id = (SELECT series_id FROM appointments WHERE id = %(appointment_id)s) AND a.status = 'scheduled'
    AND (a.start_at, a.id) > (SELECT start_at, id FROM appointments WHERE id = %(appointment_id)s)
ORDER BY a.start_at, a.id
"""
)


async def following(pg: Connection, appointment_id: str) -> Sent[AppointmentRow]:
    """The scheduled appointments of its series that start after an appointment, by start."""
    cursor = pg.cursor(row_factory=named(AppointmentRow))
    return await cursor.execute(_FOLLOWING, {"appointment_id": appointment_id})
