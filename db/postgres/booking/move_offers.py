"""Moves that are offered to patients."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from db.postgres.cluster.engines import Connection
from db.postgres.driver.pipeline import named

HELD_BY = "'offer:' || o.id"
"""What `held_by` of an appointment says if it is held for an offer; other holds name an account."""
LIVE = "status IN ('waiting', 'open')"


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
    updated_at: datetime


def _update(change: str, which: str) -> str:
    """A statement that changes several offers, and locks them in the order of their ids first."""
    return f"""
WITH locked AS MATERIALIZED (SELECT o.id {which} ORDER BY o.id FOR UPDATE OF o)
UPDATE move_offers SET {change}, updated_at = %(now)s FROM locked WHERE move_offers.id = locked.id
"""


_COLUMNS = ", ".join(f"o.{field}" for field in MoveOfferRow._fields)
_END_FORMER = _update(
    "status = 'withdrawn'", f"FROM move_offers o WHERE o.appointment_id = ANY(%(appointment_ids)s::uuid[]) AND o.{LIVE}"
)
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
_OPEN_OF = f"""
SELECT {_COLUMNS} FROM move_offers o
WHERE o.appointment_id = %(appointment_id)s AND o.{LIVE} AND o.status = 'open' AND o.expires_at > %(now)s
"""
_OPEN = """
WITH opened AS (
    UPDATE move_offers SET status = 'open', expires_at = %(expires_at)s, updated_at = %(now)s
    WHERE id = %(offer_id)s AND status = 'waiting' RETURNING appointment_id, start_at)
UPDATE appointments a SET version = version + 1, updated_at = %(now)s FROM opened
WHERE a.id = opened.appointment_id AND a.status = 'scheduled' AND a.start_at = opened.start_at RETURNING a.version
"""
_TELL = "UPDATE move_offers SET version = %(version)s WHERE id = %(offer_id)s"
_LIVE_OF = f"""
SELECT {_COLUMNS} FROM move_offers o
WHERE o.appointment_id = %(appointment_id)s AND o.{LIVE} AND (o.expires_at IS NULL OR o.expires_at > %(now)s)
FOR UPDATE
"""
_RAISE = """
WITH told AS (UPDATE move_offers SET updated_at = %(now)s WHERE id = %(offer_id)s RETURNING appointment_id, start_at)
UPDATE appointments a SET version = version + 1, updated_at = %(now)s FROM told
WHERE a.id = told.appointment_id AND a.status = 'scheduled' AND a.start_at = told.start_at RETURNING a.version
"""
_WITHDRAW_ONE = """
UPDATE move_offers SET status = 'withdrawn', updated_at = %(now)s WHERE id = %(offer_id)s
"""
_ANSWER = """
UPDATE move_offers SET status = %(status)s, updated_at = %(now)s
WHERE id = %(offer_id)s AND status = 'open' AND expires_at > %(now)s RETURNING true
"""
_GIVE_UP = """
UPDATE move_offers SET status = %(status)s, updated_at = %(now)s WHERE id = %(offer_id)s AND status = 'waiting'
"""
_IS_KEPT = """
SELECT status = 'kept' FROM move_offers WHERE appointment_id = %(appointment_id)s
ORDER BY created_at DESC, id DESC LIMIT 1
"""
_END_OF_TIME_OFF = _update(
    "status = 'withdrawn'",
    f"""FROM time_off_appointments m JOIN move_offers o
    ON o.appointment_id = m.appointment_id AND o.time_off_id = m.time_off_id
    WHERE m.time_off_id = %(time_off_id)s AND o.{LIVE}""",
)
_LAPSE = _update("status = 'lapsed'", f"FROM move_offers o WHERE o.{LIVE} AND o.expires_at <= %(now)s")
_WITHDRAW = _update(
    "status = 'withdrawn'",
    f"""FROM move_offers o JOIN appointments a ON a.id = o.appointment_id
    WHERE o.{LIVE} AND (a.status <> 'scheduled' OR a.start_at <> o.start_at)""",
)
_RENEW = _update(
    "status = 'waiting', taken_until = NULL, expires_at = NULL",
    f"""FROM move_offers o WHERE o.{LIVE} AND o.status = 'open' AND o.expires_at > %(now)s AND NOT EXISTS (
        SELECT FROM appointments h WHERE h.status = 'held' AND h.held_by = {HELD_BY} AND h.held_until > %(now)s)""",
)


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
    cursor = pg.cursor(row_factory=named(MoveOfferRow))
    await cursor.execute(_TAKE, {"now": now, "taken_until": now + lease})
    return await cursor.fetchone()


async def open_of(pg: Connection, appointment_id: str, now: datetime) -> MoveOfferRow | None:
    """The offer of an appointment that its patient may answer now."""
    cursor = pg.cursor(row_factory=named(MoveOfferRow))
    await cursor.execute(_OPEN_OF, {"appointment_id": appointment_id, "now": now})
    return await cursor.fetchone()


async def make_open(pg: Connection, offer_id: str, expires_at: datetime, now: datetime) -> bool:
    """Let the patient answer from now on; False if the appointment has changed: then `end_others` ends the offer.

    The day of the appointment must be locked.
    """
    values = {"offer_id": offer_id, "expires_at": expires_at, "now": now}
    found = await (await pg.execute(_OPEN, values)).fetchone()
    if found:
        await pg.execute(_TELL, {"offer_id": offer_id, "version": found[0]})
    return found is not None


async def live_of(pg: Connection, appointment_id: str, now: datetime) -> MoveOfferRow | None:
    """The offer of an appointment that is made or being made, locked until the transaction ends."""
    cursor = pg.cursor(row_factory=named(MoveOfferRow))
    await cursor.execute(_LIVE_OF, {"appointment_id": appointment_id, "now": now})
    return await cursor.fetchone()


async def tell_again(pg: Connection, offer_id: str, now: datetime) -> bool:
    """Raise the version with which the patient is told of an offer; False if the appointment has changed since.

    The day of the appointment must be locked.
    """
    found = await (await pg.execute(_RAISE, {"offer_id": offer_id, "now": now})).fetchone()
    if found:
        await pg.execute(_TELL, {"offer_id": offer_id, "version": found[0]})
    return found is not None


async def withdraw(pg: Connection, offer_id: str, now: datetime) -> None:
    """End an offer that `live_of` has locked."""
    await pg.execute(_WITHDRAW_ONE, {"offer_id": offer_id, "now": now})


async def answer(pg: Connection, offer_id: str, status: str, now: datetime) -> bool:
    """End an offer that may be answered now; False if it may not, as it has lapsed or was ended before."""
    values = {"offer_id": offer_id, "status": status, "now": now}
    return await (await pg.execute(_ANSWER, values)).fetchone() is not None


async def give_up(pg: Connection, offer_id: str, status: str, now: datetime) -> None:
    """End an offer that is not made yet; any other stays as it is."""
    await pg.execute(_GIVE_UP, {"offer_id": offer_id, "status": status, "now": now})


async def is_kept(pg: Connection, appointment_id: str) -> bool:
    """Whether the patient's answer to the newest offer was to keep the appointment."""
    found = await (await pg.execute(_IS_KEPT, {"appointment_id": appointment_id})).fetchone()
    return found is not None and bool(found[0])


async def renew(pg: Connection, now: datetime) -> None:
    """Let new alternatives be held for the offers that have lost all they had."""
    await pg.execute(_RENEW, {"now": now})


async def end_of_time_off(pg: Connection, time_off_id: str, now: datetime) -> None:
    """End the offers of a time off that are not answered."""
    await pg.execute(_END_OF_TIME_OFF, {"time_off_id": time_off_id, "now": now})


async def end_others(pg: Connection, now: datetime) -> None:
    """End the offers that have lapsed, and those whose appointment was changed otherwise."""
    await pg.execute(_LAPSE, {"now": now})
    await pg.execute(_WITHDRAW, {"now": now})
