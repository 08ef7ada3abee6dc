"""Time off of doctors, and what became of the appointments that it met."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from psycopg.rows import args_row

from db.postgres.cluster.engines import Connection
from db.postgres.driver.pipeline import named
from db.postgres.tables import ACTIVE, NO_ALTERNATIVE


class TimeOffRow(NamedTuple):
    """A time off, and how many of the appointments that it met are kept, cancelled, or moved out of it by now."""

    id: str
    doctor_id: str
    clinic_id: str
    time_zone: str
    start_at: datetime
    end_at: datetime
    reason: str
    created_at: datetime
    deleted_at: datetime | None
    kept: int = 0
    cancelled: int = 0
    moved: int = 0
    offered: int = 0
    """Offers to move that are not answered yet."""
    unanswered: int = 0
    """Offers to move that have lapsed."""


class MetRow(NamedTuple):
    """An appointment that overlaps a time off: when it is, or was when the time off was made."""

    id: str
    patient_id: str
    patient_name: str
    start_at: datetime
    end_at: datetime
    status: str
    busy_until: datetime
    outcome: str = ""
    """`kept`, `cancelled` or `moved`; empty in a preview."""
    offer: str | None = None
    """How far the offer to move it is, as MoveOfferStatus; None if there was none."""
    offer_expires_at: datetime | None = None
    offer_sent: bool = False
    """Whether a provider has taken the message with the offer."""


_MET = f"""
SELECT a.id, a.patient_id, p.name, a.start_at, a.end_at, a.status, upper(a.during)
FROM appointments a JOIN patients p ON p.id = a.patient_id
WHERE a.doctor_id = %(doctor_id)s AND a.date BETWEEN %(first)s AND %(last)s
    AND a.start_at < %(end_at)s AND a.end_at > %(start_at)s AND a.end_at > %(now)s AND a.{ACTIVE}
    AND (a.held_until IS NULL OR a.held_until > %(now)s) AND {NO_ALTERNATIVE}
ORDER BY a.start_at, a.id LIMIT %(limit)s
"""
_LOCK_PATIENTS = "SELECT FROM patients WHERE id = ANY(%(patient_ids)s::uuid[]) ORDER BY id FOR NO KEY UPDATE"
_LOCK_DOCTOR = """
SELECT cardinality(ARRAY(SELECT 1 FROM time_off WHERE doctor_id = d.id AND end_at > %(now)s AND deleted_at IS NULL))
FROM doctors d WHERE id = %(doctor_id)s FOR NO KEY UPDATE
"""
_ADD = """
INSERT INTO time_off (id, doctor_id, start_at, end_at, reason, actor, created_at)
VALUES (%(id)s, %(doctor_id)s, %(start_at)s, %(end_at)s, %(reason)s, %(actor)s, %(now)s)
"""
_NAME = """
INSERT INTO time_off_appointments (time_off_id, appointment_id, start_at, end_at)
SELECT %(id)s, a.id, a.start_at, a.end_at FROM appointments a WHERE a.id = ANY(%(ids)s::uuid[])
"""
_DELETE = "UPDATE time_off SET deleted_at = %(now)s WHERE id = %(id)s AND deleted_at IS NULL"
# Nobody asks for the slots of a day that is so long past.
_REFRESH = """
UPDATE doctors d SET time_off = coalesce((
    SELECT range_agg(tstzrange(t.start_at, t.end_at)) FROM time_off t
    WHERE t.doctor_id = d.id AND t.end_at > %(now)s::timestamptz - interval '100 days' AND t.deleted_at IS NULL), '{}')
WHERE id = %(doctor_id)s
"""
_OUTCOME = """CASE WHEN a.status IN ('cancelled', 'expired') THEN 'cancelled'
    WHEN a.doctor_id <> t.doctor_id OR a.start_at >= t.end_at OR a.end_at <= t.start_at THEN 'moved' ELSE 'kept' END"""
_COUNTED = f"""
SELECT t.id, t.doctor_id, d.clinic_id, c.time_zone, t.start_at, t.end_at, t.reason, t.created_at, t.deleted_at,
    coalesce(n.kept, 0), coalesce(n.cancelled, 0), coalesce(n.moved, 0), coalesce(n.offered, 0),
    coalesce(n.unanswered, 0)
FROM {{rows}} t JOIN doctors d ON d.id = t.doctor_id JOIN clinics c ON c.id = d.clinic_id
LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE outcome = 'kept') AS kept,
        count(*) FILTER (WHERE outcome = 'cancelled') AS cancelled, count(*) FILTER (WHERE outcome = 'moved') AS moved,
        count(*) FILTER (WHERE offer IN ('waiting', 'open')) AS offered,
        count(*) FILTER (WHERE offer = 'lapsed') AS unanswered
    FROM (SELECT {_OUTCOME} AS outcome, o.status AS offer
        FROM time_off_appointments m JOIN appointments a ON a.id = m.appointment_id
        LEFT JOIN move_offers o ON o.appointment_id = a.id AND o.time_off_id = t.id
        WHERE m.time_off_id = t.id) each_of_them) n ON true
"""
_GET = _COUNTED.format(rows="time_off") + "WHERE t.id = %(id)s"
_PAGE = (
    _COUNTED.format(
        rows="""(
    SELECT * FROM time_off WHERE doctor_id = %(doctor_id)s AND deleted_at IS NULL
        AND (start_at, id) < (
            coalesce((SELECT start_at FROM time_off WHERE id = %(after_id)s), 'infinity'), %(after_id)s::uuid)
    ORDER BY start_at DESC, id DESC LIMIT %(limit)s)"""
    )
    + "ORDER BY t.start_at DESC, t.id DESC"
)
_ACCOUNT = f"""
SELECT a.id, a.patient_id, p.name, m.start_at, m.end_at, a.status, upper(a.during), {_OUTCOME},
    o.status, o.expires_at, EXISTS (SELECT FROM notifications n WHERE n.appointment_id = a.id AND n.kind = 'move_offer'
        AND n.version = o.version AND n.status = 'sent')
FROM time_off_appointments m JOIN time_off t ON t.id = m.time_off_id JOIN appointments a ON a.id = m.appointment_id
JOIN patients p ON p.id = a.patient_id
LEFT JOIN move_offers o ON o.appointment_id = a.id AND o.time_off_id = t.id
WHERE m.time_off_id = %(id)s ORDER BY m.start_at, a.id
"""


async def met(
    pg: Connection,
    doctor_id: str,
    dates: Sequence[date],
    start_at: datetime,
    end_at: datetime,
    now: datetime,
    limit: int,
) -> list[MetRow]:
    """The active appointments of a doctor on these dates that overlap a period and are not over, by start."""
    cursor = pg.cursor(row_factory=args_row(MetRow))
    values = {"doctor_id": doctor_id, "first": dates[0], "last": dates[-1], "start_at": start_at, "end_at": end_at}
    await cursor.execute(_MET, {**values, "now": now, "limit": limit})
    return await cursor.fetchall()


async def lock_patients(pg: Connection, patient_ids: Sequence[str]) -> None:
    """Lock patients against other bookings until the transaction ends, sorted."""
    await pg.execute(_LOCK_PATIENTS, {"patient_ids": list(patient_ids)})


async def lock_doctor(pg: Connection, doctor_id: str, now: datetime) -> int:
    """Lock a doctor against other changes of hours and time off; how many times off are not over."""
    found = await (await pg.execute(_LOCK_DOCTOR, {"doctor_id": doctor_id, "now": now})).fetchone()
    return int(found[0]) if found else 0


async def add(pg: Connection, row: TimeOffRow, actor: str, met: Sequence[str], now: datetime) -> None:
    """Add a time off with the appointments that it meets; the doctor must be locked."""
    values = {"id": row.id, "doctor_id": row.doctor_id, "start_at": row.start_at, "end_at": row.end_at}
    await pg.execute(_ADD, {**values, "reason": row.reason, "actor": actor, "now": now})
    await pg.execute(_NAME, {"id": row.id, "ids": list(met)})
    await pg.execute(_REFRESH, {"doctor_id": row.doctor_id, "now": now})


async def delete(pg: Connection, row: TimeOffRow, now: datetime) -> None:
    """Delete a time off, unless it is deleted already; the doctor must be locked."""
    await pg.execute(_DELETE, {"id": row.id, "now": now})
    await pg.execute(_REFRESH, {"doctor_id": row.doctor_id, "now": now})


async def get(pg: Connection, time_off_id: str) -> TimeOffRow | None:
    """One time off, also a deleted one, or None."""
    cursor = pg.cursor(row_factory=named(TimeOffRow))
    await cursor.execute(_GET, {"id": time_off_id})
    return await cursor.fetchone()


async def page(pg: Connection, doctor_id: str, after_id: str, limit: int) -> list[TimeOffRow]:
    """The time off of a doctor that is not deleted, the latest start first, after an id; the nil UUID for the first."""
    cursor = pg.cursor(row_factory=named(TimeOffRow))
    await cursor.execute(_PAGE, {"doctor_id": doctor_id, "after_id": after_id, "limit": limit})
    return await cursor.fetchall()


async def account(pg: Connection, time_off_id: str) -> list[MetRow]:
    """The appointments that a time off met, by their start at that time, and what became of them."""
    cursor = pg.cursor(row_factory=named(MetRow))
    await cursor.execute(_ACCOUNT, {"id": time_off_id})
    return await cursor.fetchall()
