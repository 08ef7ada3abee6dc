"""Changes of appointments: their history, the feed of each clinic in commit order, and the notices about them."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from db.postgres.cluster.engines import Connection
from db.postgres.driver.pipeline import named


class AppointmentChange(NamedTuple):
    """What happened to an appointment, and the clinic that it was moved away from, if it was."""

    appointment_id: str
    event: str
    actor: str
    note: str = ""
    left_clinic_id: str | None = None
    relation: str = ""
    """What who did it is to the patient, if a representative did."""


class HeadRow(NamedTuple):
    """The number of a clinic's newest change, 0 if there was none; numbers are valid within one epoch."""

    clinic_id: str
    epoch: int
    seq: int


class ChangeRow(NamedTuple):
    """A change in a clinic's feed."""

    seq: int
    appointment_id: str
    event: str
    happened_at: datetime


# Nearly every transaction changes one appointment, for which no arrays need to be made and read.
_ONE = """
    SELECT %(appointment_id)s::uuid AS appointment_id, %(event)s::text AS event, %(actor)s::text AS actor,
        %(note)s::text AS note, %(left_clinic_id)s::uuid AS left_clinic_id, %(relation)s::text AS relation,
        %(kind)s::text AS kind, 1 AS nth
"""
_SEVERAL = """
    SELECT * FROM unnest(
        %(ids)s::uuid[], %(events)s::text[], %(actors)s::text[], %(notes)s::text[], %(left)s::uuid[],
        %(relations)s::text[], %(kinds)s::text[])
        WITH ORDINALITY AS change (appointment_id, event, actor, note, left_clinic_id, relation, kind, nth)
"""


def _adding(changes: str) -> str:
    # Feeds are locked in the order of clinics until the transaction ends, so their numbers rise in commit order.
    return f"""
WITH change AS MATERIALIZED ({changes}), queued AS (
    INSERT INTO procrastinate_jobs (queue_name, task_name, args)
    -- A number with an extension gets no text messages.
    SELECT CASE WHEN q.email <> '' THEN 'email' WHEN q.phone <> '' AND strpos(q.phone, ';') = 0 THEN 'sms'
            ELSE 'changes' END, 'announce',
        jsonb_strip_nulls(jsonb_build_object('appointment_id', a.id, 'kind', kind, 'version', a.version,
            'start_at', start_at, 'traceparent', %(traceparent)s::text))
    FROM change JOIN appointments a ON a.id = appointment_id JOIN patients q ON q.id = a.patient_id
    -- Imports bring years of appointments of which nobody needs a reminder any more.
    WHERE kind IS NOT NULL AND (kind <> 'reminder' OR start_at > %(now)s) ORDER BY nth
), history AS (
    INSERT INTO appointment_events (appointment_id, happened_at, actor, event, note, relation)
    SELECT appointment_id, %(now)s, actor, event, note, relation FROM change ORDER BY nth
), shown AS MATERIALIZED (
    SELECT a.clinic_id, appointment_id, event, nth FROM change JOIN appointments a ON a.id = appointment_id
    UNION ALL
    SELECT left_clinic_id, appointment_id, event, nth FROM change WHERE left_clinic_id IS NOT NULL
), feed AS (
    INSERT INTO clinic_feeds AS feed (clinic_id, seq)
    SELECT clinic_id, count(*) FROM shown GROUP BY clinic_id ORDER BY clinic_id
    ON CONFLICT (clinic_id) DO UPDATE SET seq = feed.seq + excluded.seq
    RETURNING clinic_id, seq
)
INSERT INTO appointment_changes (clinic_id, seq, appointment_id, event, happened_at)
SELECT clinic_id, seq + 1 - row_number() OVER (PARTITION BY clinic_id ORDER BY nth DESC), appointment_id, event, %(now)s
FROM shown JOIN feed USING (clinic_id)
"""


_ADD_ONE, _ADD_SEVERAL = _adding(_ONE), _adding(_SEVERAL)
_SKIP = """
INSERT INTO clinic_feeds AS feed (clinic_id, seq) VALUES (%(clinic_id)s, 1)
ON CONFLICT (clinic_id) DO UPDATE SET seq = feed.seq + 1
"""
_HEADS = """
SELECT id, (SELECT epoch FROM cluster_epoch), coalesce(seq, 0)
FROM clinics LEFT JOIN clinic_feeds ON clinic_id = id WHERE id = ANY(%(clinic_ids)s::uuid[])
"""
_PAGE = """
SELECT seq, appointment_id, event, happened_at FROM appointment_changes
WHERE clinic_id = %(clinic_id)s AND seq > %(after)s ORDER BY seq LIMIT %(limit)s
"""
_PURGED_TOGETHER = 1_000
_PURGE = f"""
DELETE FROM appointment_changes WHERE ctid = ANY(ARRAY(
    SELECT oldest.ctid FROM clinic_feeds feed CROSS JOIN LATERAL (
        SELECT ctid, happened_at FROM appointment_changes change
        WHERE change.clinic_id = feed.clinic_id ORDER BY seq LIMIT {_PURGED_TOGETHER}) AS oldest
    WHERE happened_at < %(forgotten)s))
RETURNING true
"""


async def add(
    pg: Connection,
    changes: Sequence[AppointmentChange],
    kinds: Sequence[str | None],
    now: datetime,
    traceparent: str | None,
) -> None:
    """Add changes to the histories and the feeds; the appointments must be stored in their new state already.

    `kinds` says for each change which notice is to be queued, if any, and `traceparent` in which trace. It locks the
    feeds of the clinics until the transaction ends, so the transaction must take no other lock afterwards.
    """
    common = {"now": now, "traceparent": traceparent}
    if len(changes) == 1:
        await pg.execute(_ADD_ONE, {**common, **changes[0]._asdict(), "kind": kinds[0]})
        return
    columns = zip(*changes, strict=True)
    values = dict(zip(("ids", "events", "actors", "notes", "left", "relations"), map(list, columns), strict=True))
    await pg.execute(_ADD_SEVERAL, {**common, **values, "kinds": list(kinds)})


async def skip(pg: Connection, clinic_id: str) -> None:
    """Leave a gap in a clinic's feed: whoever follows it has to list the appointments again.

    It locks the feed as `add` does.
    """
    await pg.execute(_SKIP, {"clinic_id": clinic_id})


async def heads(pg: Connection, clinic_ids: Sequence[str]) -> list[HeadRow]:
    """The heads of the clinics' feeds; unknown clinics are left out. In no particular order."""
    cursor = pg.cursor(row_factory=named(HeadRow))
    await cursor.execute(_HEADS, {"clinic_ids": list(clinic_ids)})
    return await cursor.fetchall()


async def page(pg: Connection, clinic_id: str, *, after: int, limit: int) -> list[ChangeRow]:
    """The first changes after a number, by number, without those that were purged."""
    cursor = pg.cursor(row_factory=named(ChangeRow))
    await cursor.execute(_PAGE, {"clinic_id": clinic_id, "after": after, "limit": limit})
    return await cursor.fetchall()


async def purge(pg: Connection, forgotten: datetime) -> int:
    """Delete a batch of each clinic's oldest changes from before `forgotten`; how many were deleted."""
    cursor = await pg.execute(_PURGE, {"forgotten": forgotten})
    return len(await cursor.fetchall())
