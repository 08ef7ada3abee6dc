"""Appointments as the links of messages show them."""

from datetime import datetime
from typing import NamedTuple

from db.postgres.cluster.engines import Connection
from db.postgres.driver.pipeline import named


class LinkedRow(NamedTuple):
    """An appointment with what its messages say of the clinic, and where the patient is reached."""

    id: str
    patient_id: str
    doctor_id: str
    type_id: str | None
    status: str
    start_at: datetime
    end_at: datetime
    confirmed_at: datetime | None
    email: str
    phone: str
    clinic_name: str
    clinic_address: str
    clinic_phone: str
    time_zone: str
    cancel_by_minutes: int


_GET = """
SELECT a.id, a.patient_id, a.doctor_id, a.type_id, a.status, a.start_at, a.end_at, a.confirmed_at, q.email, q.phone,
    c.name, c.address, c.phone, c.time_zone, c.cancel_by_minutes
FROM appointments a JOIN patients q ON q.id = a.patient_id JOIN clinics c ON c.id = a.clinic_id
WHERE a.id = %(id)s
"""


async def get(pg: Connection, appointment_id: str) -> LinkedRow | None:
    """One appointment, or None."""
    cursor = pg.cursor(row_factory=named(LinkedRow))
    await cursor.execute(_GET, {"id": appointment_id})
    return await cursor.fetchone()
