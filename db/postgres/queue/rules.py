"""The rules of clinics for their queues, and who is missing by them."""

from datetime import datetime
from typing import NamedTuple

from db.postgres.cluster.engines import Connection
from db.postgres.driver.pipeline import named


class RulesRow(NamedTuple):
    """A clinic's rules, in minutes but for `late_behind` and `tell_before`; `version` is 0 for the usual ones."""

    late_minutes: int
    late_behind: int
    walk_in_minutes: int
    check_in_minutes: int
    no_show_minutes: int | None
    version: int
    tell_before: int


_COLUMNS = "late_minutes, late_behind, walk_in_minutes, check_in_minutes, no_show_minutes, version, tell_before"
_GET = f"SELECT {_COLUMNS} FROM queue_rules WHERE clinic_id = %(clinic_id)s"
_LOCK_CLINIC = "SELECT FROM clinics WHERE id = %(clinic_id)s FOR NO KEY UPDATE"
_PUT = f"""
INSERT INTO queue_rules (clinic_id, {_COLUMNS})
VALUES (%(clinic_id)s, %(late_minutes)s, %(late_behind)s, %(walk_in_minutes)s, %(check_in_minutes)s,
    %(no_show_minutes)s, %(version)s, %(tell_before)s)
ON CONFLICT (clinic_id) DO UPDATE SET ({_COLUMNS}) = (excluded.late_minutes, excluded.late_behind,
    excluded.walk_in_minutes, excluded.check_in_minutes, excluded.no_show_minutes, excluded.version,
    excluded.tell_before)
"""
MISSING_TOGETHER = 100
_MISSING = f"""
SELECT a.id FROM queue_rules r CROSS JOIN LATERAL (
    SELECT id, start_at FROM appointments
    WHERE clinic_id = r.clinic_id AND status = 'scheduled'
        AND date BETWEEN (%(now)s::timestamptz - interval '2 days')::date
            AND (%(now)s::timestamptz + interval '1 day')::date
        AND start_at BETWEEN %(now)s::timestamptz - interval '1 day'
            AND %(now)s::timestamptz - r.no_show_minutes * interval '1 minute'
        AND NOT EXISTS (
            SELECT FROM appointment_events e WHERE e.appointment_id = appointments.id AND e.event = 'reverted')
    ORDER BY date, start_at LIMIT {MISSING_TOGETHER}) AS a
WHERE r.no_show_minutes IS NOT NULL
ORDER BY a.start_at LIMIT {MISSING_TOGETHER}
"""


async def get(pg: Connection, clinic_id: str) -> RulesRow | None:
    """The rules that a clinic has set, or None."""
    cursor = pg.cursor(row_factory=named(RulesRow))
    await cursor.execute(_GET, {"clinic_id": clinic_id})
    return await cursor.fetchone()


async def lock_clinic(pg: Connection, clinic_id: str) -> bool:
    """Lock a clinic against other changes of its rules until the transaction ends; False if there is none."""
    cursor = await pg.execute(_LOCK_CLINIC, {"clinic_id": clinic_id})
    return bool(await cursor.fetchall())


async def put(pg: Connection, clinic_id: str, row: RulesRow) -> None:
    """Set a clinic's rules."""
    await pg.execute(_PUT, {"clinic_id": clinic_id, **row._asdict()})


async def missing(pg: Connection, now: datetime) -> list[str]:
    """Appointments of the last day that are still scheduled though their clinic's time for a no-show has passed.

    At most MISSING_TOGETHER, without those that staff have set back by hand.
    """
    cursor = await pg.execute(_MISSING, {"now": now})
    return [row[0] for row in await cursor.fetchall()]
