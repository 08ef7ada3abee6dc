"""Offers to move that are not answered yet, with what is held for them."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from psycopg.rows import args_row

from db.postgres.booking.move_offers import HELD_BY, LIVE
from db.postgres.cluster.engines import Connection


class UnansweredRow(NamedTuple):
    """An offer that is not answered yet, with whose it is."""

    id: str
    appointment_id: str
    patient_id: str
    patient_name: str
    doctor_id: str
    doctor_name: str
    specialty: str
    time_zone: str
    start_at: datetime
    status: str
    expires_at: datetime | None
    is_sent: bool
    """Whether a provider has taken the message with the offer."""


class OfferedSlotRow(NamedTuple):
    """A slot that is held for an offer, with its doctor."""

    offer_id: str
    doctor_id: str
    doctor_name: str
    specialty: str
    start_at: datetime
    end_at: datetime


_UNANSWERED = f"""
SELECT o.id, a.id, p.id, p.name, d.id, r.name, d.specialty, c.time_zone, o.start_at, o.status, o.expires_at,
    EXISTS (SELECT FROM notifications n WHERE n.appointment_id = a.id AND n.kind = 'move_offer'
        AND n.version = o.version AND n.status = 'sent')
FROM move_offers o JOIN appointments a ON a.id = o.appointment_id JOIN patients p ON p.id = a.patient_id
JOIN doctors d ON d.id = a.doctor_id JOIN practitioners r ON r.id = d.practitioner_id
JOIN clinics c ON c.id = a.clinic_id
WHERE o.{LIVE} AND (o.expires_at IS NULL OR o.expires_at > %(now)s) AND a.clinic_id = %(clinic_id)s
    AND o.id > %(after_id)s
ORDER BY o.id LIMIT %(limit)s
"""
_OFFERED_SLOTS = f"""
SELECT o.id, d.id, r.name, d.specialty, h.start_at, h.end_at
FROM move_offers o JOIN appointments h ON h.status = 'held' AND h.held_by = {HELD_BY}
JOIN doctors d ON d.id = h.doctor_id JOIN practitioners r ON r.id = d.practitioner_id
WHERE o.id = ANY(%(offer_ids)s::uuid[]) ORDER BY h.start_at, h.id
"""


async def unanswered(pg: Connection, clinic_id: str, now: datetime, after_id: str, limit: int) -> list[UnansweredRow]:
    """The offers of a clinic that are not answered yet, by id, after one of them."""
    cursor = pg.cursor(row_factory=args_row(UnansweredRow))
    values = {"clinic_id": clinic_id, "now": now, "after_id": after_id, "limit": limit}
    await cursor.execute(_UNANSWERED, values)
    return await cursor.fetchall()


async def offered_slots(pg: Connection, offer_ids: Sequence[str]) -> list[OfferedSlotRow]:
    """What is held for some offers, by start."""
    cursor = pg.cursor(row_factory=args_row(OfferedSlotRow))
    await cursor.execute(_OFFERED_SLOTS, {"offer_ids": list(offer_ids)})
    return await cursor.fetchall()
