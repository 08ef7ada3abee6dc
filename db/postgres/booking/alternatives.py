"""Alternatives: the slots that are held for patients who are offered a move, and the offers that wait for an answer."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from db.postgres.booking.move_offers import HELD_BY, LIVE
from db.postgres.cluster.engines import Connection, Sent
from db.postgres.driver.pipeline import named

_TOGETHER = 100


class HeldRow(NamedTuple):
    """A slot that is held for an offer."""

    id: str
    doctor_id: str
    start_at: datetime
    end_at: datetime
    held_until: datetime


class AlternativeRow(NamedTuple):
    """A slot that is held for an offer, and the revision of its day."""

    id: str
    doctor_id: str
    start_at: datetime
    type_id: str | None
    revision: int


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


_HELD = f"""
SELECT h.id, h.doctor_id, h.start_at, h.end_at, h.held_until
FROM move_offers o JOIN appointments h ON h.status = 'held' AND h.held_by = {HELD_BY}
WHERE o.id = %(offer_id)s AND h.held_until > %(now)s ORDER BY h.start_at
"""
_HELD_FOR = f"""
SELECT h.id FROM move_offers o JOIN appointments h ON h.status = 'held' AND h.held_by = {HELD_BY}
WHERE o.appointment_id = ANY(%(appointment_ids)s::uuid[]) AND o.{LIVE}
"""
_IS_ALTERNATIVE = """
SELECT true FROM appointments WHERE id = %(appointment_id)s AND status = 'held' AND held_by LIKE 'offer:%%'
"""
_ALTERNATIVES = f"""
SELECT h.id, h.doctor_id, h.start_at, h.type_id, s.revision
FROM move_offers o JOIN appointments h ON h.status = 'held' AND h.held_by = {HELD_BY}
JOIN schedule_days s ON s.doctor_id = h.doctor_id AND s.date = h.date
WHERE o.{LIVE} AND h.held_until > %(now)s ORDER BY h.id
"""
_LEFT = f"""
SELECT id FROM appointments WHERE status = 'held' AND held_by LIKE 'offer:%%' AND NOT EXISTS (
    SELECT FROM move_offers o WHERE {HELD_BY} = held_by AND o.{LIVE})
ORDER BY id LIMIT {_TOGETHER}
"""
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


def held_by(offer_id: str) -> str:
    """What `held_by` of an appointment says that is held for an offer."""
    return f"offer:{offer_id}"


async def held(pg: Connection, offer_id: str, now: datetime) -> list[HeldRow]:
    """What is held for an offer, by start."""
    cursor = pg.cursor(row_factory=named(HeldRow))
    await cursor.execute(_HELD, {"offer_id": offer_id, "now": now})
    return await cursor.fetchall()


async def held_for(pg: Connection, appointment_ids: Sequence[str]) -> Sent[tuple[str]]:
    """The ids of what is held for the live offers of appointments."""
    return await pg.execute(_HELD_FOR, {"appointment_ids": list(appointment_ids)})


async def is_alternative(pg: Connection, appointment_id: str) -> Sent[tuple[bool]]:
    """A row if an appointment is held for an offer."""
    return await pg.execute(_IS_ALTERNATIVE, {"appointment_id": appointment_id})


async def live(pg: Connection, now: datetime) -> list[AlternativeRow]:
    """All slots that are held for live offers."""
    cursor = pg.cursor(row_factory=named(AlternativeRow))
    await cursor.execute(_ALTERNATIVES, {"now": now})
    return await cursor.fetchall()


async def left(pg: Connection) -> Sequence[str]:
    """The ids of slots that are still held for offers that have ended, at most a hundred."""
    return [found for (found,) in await (await pg.execute(_LEFT)).fetchall()]


async def offered_slots(pg: Connection, offer_ids: Sequence[str]) -> list[OfferedSlotRow]:
    """What is held for some offers, by start."""
    cursor = pg.cursor(row_factory=named(OfferedSlotRow))
    await cursor.execute(_OFFERED_SLOTS, {"offer_ids": list(offer_ids)})
    return await cursor.fetchall()


async def unanswered(pg: Connection, clinic_id: str, now: datetime, after_id: str, limit: int) -> list[UnansweredRow]:
    """The offers of a clinic that are not answered yet, by id, after one of them."""
    cursor = pg.cursor(row_factory=named(UnansweredRow))
    values = {"clinic_id": clinic_id, "now": now, "after_id": after_id, "limit": limit}
    await cursor.execute(_UNANSWERED, values)
    return await cursor.fetchall()
