"""Lanes: the queue for one doctor, day by day."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from db.postgres.cluster.engines import Connection
from db.postgres.driver.pipeline import named


class LanePlaceRow(NamedTuple):
    """Where the doctor of a lane works, today's date there, and the rules of the clinic, None for the usual ones."""

    doctor_id: str
    clinic_id: str
    date: date
    rules: tuple[int, int, int, int, int | None] | None


class LaneDayRow(NamedTuple):
    """A lane's day under its lock."""

    revision: int
    last_number: int
    closed: bool


class LaneRow(NamedTuple):
    """A lane as it stands."""

    doctor_id: str
    doctor_name: str
    letter: str
    clinic_id: str
    time_zone: str
    date: date
    epoch: int
    revision: int
    closed: bool
    clinic_announcement: str
    announcement: str


class LaneVersionRow(NamedTuple):
    """How new a lane is."""

    clinic_id: str
    doctor_id: str
    date: date
    epoch: int
    revision: int


_TODAY = "(%(now)s::timestamptz AT TIME ZONE c.time_zone)::date"
_PLACE = f"""
SELECT d.id, d.clinic_id, {_TODAY}, r.late_minutes, r.late_behind, r.walk_in_minutes, r.check_in_minutes,
    r.no_show_minutes
FROM doctors d JOIN clinics c ON c.id = d.clinic_id LEFT JOIN queue_rules r ON r.clinic_id = c.id
WHERE d.id = %(doctor_id)s
"""
_LOCK = """
INSERT INTO lane_days AS day (doctor_id, date, revision, last_number, closed)
VALUES (%(doctor_id)s, %(date)s, 1, %(numbers)s, false)
ON CONFLICT (doctor_id, date) DO UPDATE SET revision = day.revision + 1, last_number = day.last_number + %(numbers)s
RETURNING revision, last_number, closed
"""
# Two doctors of a clinic who get their letters at once want the same one: nothing is added for the second.
_NAME = """
INSERT INTO lanes (doctor_id, clinic_id, letter)
SELECT %(doctor_id)s, %(clinic_id)s,
    CASE WHEN n >= 26 THEN chr((64 + n / 26)::int) ELSE '' END || chr((65 + mod(n, 26))::int)
FROM (SELECT count(*) AS n FROM lanes WHERE clinic_id = %(clinic_id)s) AS named
WHERE NOT EXISTS (SELECT FROM lanes WHERE doctor_id = %(doctor_id)s)
ON CONFLICT DO NOTHING
"""
_LETTER = "SELECT letter FROM lanes WHERE doctor_id = %(doctor_id)s"
_CLOSE = "UPDATE lane_days SET closed = %(closed)s WHERE doctor_id = %(doctor_id)s AND date = %(date)s"
_LANES = f"""
SELECT l.doctor_id, p.name, l.letter, c.id, c.time_zone, {_TODAY}, (SELECT epoch FROM cluster_epoch),
    coalesce(y.revision, 0), coalesce(y.closed, false),
    coalesce((SELECT text FROM announcements WHERE place_id = l.clinic_id), ''),
    coalesce((SELECT text FROM announcements WHERE place_id = l.doctor_id), '')
FROM lanes l JOIN doctors d ON d.id = l.doctor_id JOIN practitioners p ON p.id = d.practitioner_id
JOIN clinics c ON c.id = l.clinic_id
LEFT JOIN lane_days y ON y.doctor_id = l.doctor_id AND y.date = {_TODAY}
"""
_LOCK_ALL = f"""
INSERT INTO lane_days AS day (doctor_id, date, revision, last_number, closed)
SELECT l.doctor_id, {_TODAY}, 1, 0, false FROM lanes l JOIN clinics c ON c.id = l.clinic_id
WHERE l.clinic_id = %(clinic_id)s ORDER BY l.doctor_id
ON CONFLICT (doctor_id, date) DO UPDATE SET revision = day.revision + 1
"""
_OF_CLINIC = f"{_LANES} WHERE l.clinic_id = %(clinic_id)s ORDER BY length(l.letter), l.letter"
_ONE = f"{_LANES} WHERE l.doctor_id = %(doctor_id)s"
_VERSIONS = f"""
SELECT l.clinic_id, l.doctor_id, {_TODAY}, (SELECT epoch FROM cluster_epoch), coalesce(y.revision, 0)
FROM lanes l JOIN clinics c ON c.id = l.clinic_id
LEFT JOIN lane_days y ON y.doctor_id = l.doctor_id AND y.date = {_TODAY}
WHERE l.clinic_id = ANY(%(clinic_ids)s::uuid[])
"""


async def place(pg: Connection, doctor_id: str, now: datetime) -> LanePlaceRow | None:
    """Where a lane is, or None for an unknown doctor."""
    cursor = await pg.execute(_PLACE, {"doctor_id": doctor_id, "now": now})
    if (row := await cursor.fetchone()) is None:
        return None
    found, clinic_id, day, *rules = row
    return LanePlaceRow(found, clinic_id, day, None if rules[0] is None else tuple(rules))


async def lock(pg: Connection, doctor_id: str, day: date, *, numbers: int = 0) -> LaneDayRow:
    """Lock a lane's day until the transaction ends, raise its revision, and give out so many of its numbers."""
    cursor = pg.cursor(row_factory=named(LaneDayRow))
    await cursor.execute(_LOCK, {"doctor_id": doctor_id, "date": day, "numbers": numbers})
    [row] = await cursor.fetchall()
    return row


async def lock_all(pg: Connection, clinic_id: str, now: datetime) -> None:
    """Lock the present day of each lane of a clinic until the transaction ends, and raise the revisions."""
    await pg.execute(_LOCK_ALL, {"clinic_id": clinic_id, "now": now})


async def letter(pg: Connection, doctor_id: str, clinic_id: str) -> str | None:
    """The letter of a lane, which it gets with its first ticket; None if another lane was faster: try again."""
    await pg.execute(_NAME, {"doctor_id": doctor_id, "clinic_id": clinic_id})
    found = await (await pg.execute(_LETTER, {"doctor_id": doctor_id})).fetchone()
    return found[0] if found else None


async def close(pg: Connection, doctor_id: str, day: date, *, closed: bool) -> None:
    """Close a lane for the day, or open it again."""
    await pg.execute(_CLOSE, {"doctor_id": doctor_id, "date": day, "closed": closed})


async def of_clinic(pg: Connection, clinic_id: str, now: datetime) -> list[LaneRow]:
    """The lanes of a clinic on its present day, by letter."""
    cursor = pg.cursor(row_factory=named(LaneRow))
    await cursor.execute(_OF_CLINIC, {"clinic_id": clinic_id, "now": now})
    return await cursor.fetchall()


async def one(pg: Connection, doctor_id: str, now: datetime) -> LaneRow | None:
    """The lane of a doctor on the clinic's present day; None until it has had a ticket."""
    cursor = pg.cursor(row_factory=named(LaneRow))
    await cursor.execute(_ONE, {"doctor_id": doctor_id, "now": now})
    return await cursor.fetchone()


async def versions(pg: Connection, clinic_ids: Sequence[str], now: datetime) -> list[LaneVersionRow]:
    """How new the lanes of clinics are, in no particular order."""
    cursor = pg.cursor(row_factory=named(LaneVersionRow))
    await cursor.execute(_VERSIONS, {"clinic_ids": list(clinic_ids), "now": now})
    return await cursor.fetchall()
