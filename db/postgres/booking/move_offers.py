"""Moves that are offered to patients, and the slots that are held for them meanwhile."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from psycopg.rows import args_row

from db.postgres.cluster.engines import Connection, Sent

_HELD_BY = "'offer:' || o.id"
"""What `held_by` of an appointment says if it is held for an offer; other holds name an account."""
LIVE = "status IN ('waiting', 'open')"
TOGETHER = 100


class MoveOfferRow(NamedTuple):
    """An offer to move an appointment."""

    id: str
    appointment_id: str
    status: str
    start_at: datetime
    """When the appointment was when its move was offered."""
    back_at: datetime | None
    """When the doctor is back; None if that is not known."""
    expires_at: datetime | None
    """None until its alternatives are held."""


class HeldRow(NamedTuple):
    """A slot that is held for an offer."""

    id: str
    doctor_id: str
    start_at: datetime
    end_at: datetime
    held_until: datetime


_COLUMNS = ", ".join(f"o.{field}" for field in MoveOfferRow._fields)
_END_FORMER = f"""
UPDATE move_offers SET status = 'withdrawn', updated_at = %(now)s
WHERE appointment_id = ANY(%(appointment_ids)s::uuid[]) AND {LIVE}
"""
_ADD = """
INSERT INTO move_offers (id, appointment_id, time_off_id, status, start_at, back_at, created_at, updated_at)
SELECT offer_id, a.id, %(time_off_id)s, 'waiting', a.start_at, %(back_at)s, %(now)s, %(now)s
FROM unnest(%(ids)s::uuid[], %(appointment_ids)s::uuid[]) AS wanted (offer_id, appointment_id)
JOIN appointments a ON a.id = wanted.appointment_id
"""
_TAKE = f"""
UPDATE move_offers o SET taken_until = %(taken_until)s WHERE id = (
    SELECT id FROM move_offers WHERE {LIVE} AND status = 'waiting' AND (taken_until IS NULL OR taken_until <= %(now)s)
    ORDER BY start_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING {_COLUMNS}
"""
_HELD = f"""
SELECT h.id, h.doctor_id, h.start_at, h.end_at, h.held_until
FROM move_offers o JOIN appointments h ON h.status = 'held' AND h.held_by = {_HELD_BY}
WHERE o.id = %(offer_id)s ORDER BY h.start_at
"""
_HELD_FOR = f"""
SELECT h.id FROM move_offers o JOIN appointments h ON h.status = 'held' AND h.held_by = {_HELD_BY}
WHERE o.appointment_id = ANY(%(appointment_ids)s::uuid[]) AND o.{LIVE}
"""
_IS_ALTERNATIVE = """
SELECT true FROM appointments WHERE id = %(appointment_id)s AND status = 'held' AND held_by LIKE 'offer:%%'
"""
_OPEN_OF = f"""
SELECT {_COLUMNS} FROM move_offers o
WHERE o.appointment_id = %(appointment_id)s AND o.{LIVE} AND o.status = 'open' AND o.expires_at > %(now)s
"""
_OPEN = """
WITH opened AS (
    UPDATE move_offers SET status = 'open', expires_at = %(expires_at)s, updated_at = %(now)s
    WHERE id = %(offer_id)s AND status = 'waiting' RETURNING appointment_id, start_at)
UPDATE appointments a SET version = version + 1, updated_at = %(now)s FROM opened
WHERE a.id = opened.appointment_id AND a.status = 'scheduled' AND a.start_at = opened.start_at RETURNING true
"""
_END = """
UPDATE move_offers SET status = %(status)s, updated_at = %(now)s
WHERE id = %(offer_id)s AND (status = 'waiting' OR (status = 'open' AND expires_at > %(now)s)) RETURNING true
"""
_END_OF_TIME_OFF = f"""
UPDATE move_offers o SET status = 'withdrawn', updated_at = %(now)s FROM time_off_appointments m
WHERE m.time_off_id = %(time_off_id)s AND o.appointment_id = m.appointment_id AND o.time_off_id = m.time_off_id
    AND o.{LIVE}
"""
_LAPSE = f"UPDATE move_offers SET status = 'lapsed', updated_at = %(now)s WHERE {LIVE} AND expires_at <= %(now)s"
_WITHDRAW = f"""
UPDATE move_offers o SET status = 'withdrawn', updated_at = %(now)s FROM appointments a
WHERE o.{LIVE} AND a.id = o.appointment_id AND (a.status <> 'scheduled' OR a.start_at <> o.start_at)
"""
_LEFT = f"""
SELECT id FROM appointments WHERE status = 'held' AND held_by LIKE 'offer:%%' AND NOT EXISTS (
    SELECT FROM move_offers o WHERE {_HELD_BY} = held_by AND o.{LIVE})
ORDER BY id LIMIT {TOGETHER}
"""


def held_by(offer_id: str) -> str:
    """What `held_by` of an appointment says that is held for an offer."""
    return f"offer:{offer_id}"


async def add(
    pg: Connection,
    offers: Sequence[tuple[str, str]],
    time_off_id: str | None,
    back_at: datetime | None,
    now: datetime,
) -> None:
    """Offer moves, as (offer id, appointment id); they end earlier offers. The days must be locked."""
    ids, appointment_ids = (list(each) for each in zip(*offers, strict=True))
    values = {
        "ids": ids,
        "appointment_ids": appointment_ids,
        "time_off_id": time_off_id,
        "back_at": back_at,
        "now": now,
    }
    await pg.execute(_END_FORMER, {"appointment_ids": appointment_ids, "now": now})
    await pg.execute(_ADD, values)


async def take(pg: Connection, now: datetime, lease: timedelta) -> MoveOfferRow | None:
    """The next offer for which alternatives are to be held; no other worker gets it before the lease ends."""
    cursor = pg.cursor(row_factory=args_row(MoveOfferRow))
    await cursor.execute(_TAKE, {"now": now, "taken_until": now + lease})
    return await cursor.fetchone()


async def held(pg: Connection, offer_id: str) -> list[HeldRow]:
    """What is held for an offer, by start."""
    cursor = pg.cursor(row_factory=args_row(HeldRow))
    await cursor.execute(_HELD, {"offer_id": offer_id})
    return await cursor.fetchall()


async def held_for(pg: Connection, appointment_ids: Sequence[str]) -> Sent[tuple[str]]:
    """The ids of what is held for the live offers of appointments."""
    return await pg.execute(_HELD_FOR, {"appointment_ids": list(appointment_ids)})


async def is_alternative(pg: Connection, appointment_id: str) -> Sent[tuple[bool]]:
    """A row if an appointment is held for an offer."""
    return await pg.execute(_IS_ALTERNATIVE, {"appointment_id": appointment_id})


async def open_of(pg: Connection, appointment_id: str, now: datetime) -> MoveOfferRow | None:
    """The offer of an appointment that its patient may answer now."""
    cursor = pg.cursor(row_factory=args_row(MoveOfferRow))
    await cursor.execute(_OPEN_OF, {"appointment_id": appointment_id, "now": now})
    return await cursor.fetchone()


async def make_open(pg: Connection, offer_id: str, expires_at: datetime, now: datetime) -> bool:
    """Let the patient answer from now on; False if the appointment has changed: then `end_others` ends the offer."""
    values = {"offer_id": offer_id, "expires_at": expires_at, "now": now}
    return await (await pg.execute(_OPEN, values)).fetchone() is not None


async def end(pg: Connection, offer_id: str, status: str, now: datetime) -> bool:
    """End an offer that has not lapsed; False if it has, or was ended before."""
    values = {"offer_id": offer_id, "status": status, "now": now}
    return await (await pg.execute(_END, values)).fetchone() is not None


async def end_of_time_off(pg: Connection, time_off_id: str, now: datetime) -> None:
    """End the offers of a time off that are not answered."""
    await pg.execute(_END_OF_TIME_OFF, {"time_off_id": time_off_id, "now": now})


async def end_others(pg: Connection, now: datetime) -> None:
    """End the offers that have lapsed, and those whose appointment was changed otherwise."""
    await pg.execute(_LAPSE, {"now": now})
    await pg.execute(_WITHDRAW, {"now": now})


async def left(pg: Connection) -> Sequence[str]:
    """The ids of slots that are still held for offers that have ended, at most a hundred."""
    return [found for (found,) in await (await pg.execute(_LEFT)).fetchall()]
