"""The ledger of notifications, with one row per appointment, kind and version, and the jobs that send them."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from db.postgres.cluster.engines import Connection, Sent
from db.postgres.driver.pipeline import named

SeriesEntries = Mapping[str, tuple[int, float]]
"""(version, start in seconds) by the appointment's id: the calendar entries of a series beside the notice's own."""


class NotificationRow(NamedTuple):
    """A notification and its delivery status."""

    id: str
    kind: str
    appointment_id: str | None
    account_id: str | None
    patient_id: str | None
    """Of what is about the patient's contact alone."""
    version: int
    channel: str
    recipient: str
    """The address or number that it was sent to, or for a withdrawal is to be sent to; else empty."""
    status: str
    outcome: str
    attempts: int
    due_at: datetime
    """When to send it."""
    expires_at: datetime
    """When it becomes useless; for a notice about an appointment, the start that it announces."""
    created_at: datetime
    updated_at: datetime


class NotificationQuery(NamedTuple):
    """Which notifications to list, newest first; None means all."""

    appointment_id: str | None
    status: str | None
    before_id: str | None
    limit: int


class CountRow(NamedTuple):
    """How many notifications have a status, and how many seconds ago the first was due and the last one got it."""

    status: str
    number: int
    oldest_seconds: float
    newest_seconds: float


_COUNTS = """
SELECT status, count(*), date_part('epoch', now() - min(due_at)), date_part('epoch', now() - max(updated_at))
FROM notifications WHERE status IN ('waiting', 'sending') OR (status = 'dead' AND expires_at > now()) GROUP BY 1
"""
_COLUMNS = ", ".join(NotificationRow._fields)

# Jobs are inserted as procrastinate's own function does it, because calling that takes three times as long.
# One job for each row of another query, except for rows that are not waiting to be sent.
_QUEUE = """
INSERT INTO procrastinate_jobs (queue_name, task_name, args)
SELECT CASE channel WHEN 'none' THEN 'changes' ELSE channel END, 'deliver',
    jsonb_strip_nulls(jsonb_build_object('notification_id', id, 'traceparent', %(traceparent)s::text))
FROM {rows} WHERE status = 'waiting'
"""

_ADD = f"""
WITH added AS (
    INSERT INTO notifications ({_COLUMNS}, series_entries)
    VALUES ({", ".join(f"%({name})s" for name in NotificationRow._fields)}, %(series_entries)s::jsonb)
    ON CONFLICT ON CONSTRAINT notifications_once DO NOTHING
    RETURNING id, channel, status)
{_QUEUE.format(rows="added")}"""
_ENTER = f"""
WITH entered AS (
    INSERT INTO notifications ({_COLUMNS})
    VALUES ({", ".join(f"%({name})s" for name in NotificationRow._fields)})
    ON CONFLICT ON CONSTRAINT notifications_once DO NOTHING
    RETURNING {_COLUMNS})
SELECT {_COLUMNS} FROM entered UNION ALL
SELECT {_COLUMNS} FROM notifications
WHERE appointment_id = %(appointment_id)s AND kind = %(kind)s AND version = %(version)s
"""
# What changes an appointment without a notice, as a swap of its room does, leaves its reminder as it is.
_REMIND = f"""
INSERT INTO notifications ({_COLUMNS})
SELECT {", ".join(f"%({name})s" for name in NotificationRow._fields)}
WHERE NOT EXISTS (
    SELECT FROM notifications n WHERE n.appointment_id = %(appointment_id)s AND n.kind = 'reminder'
        AND n.expires_at = %(expires_at)s AND NOT (n.status = 'dropped' AND n.outcome = 'superseded'))
ON CONFLICT ON CONSTRAINT notifications_once DO NOTHING
"""
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%(appointment_id)s, 0))"
_SUPERSEDE = """
UPDATE notifications SET status = 'dropped', outcome = 'superseded', updated_at = %(now)s
WHERE appointment_id = %(appointment_id)s AND version < %(version)s AND status IN ('planned', 'waiting')
    AND kind <> 'withdrawal' AND (%(kind)s <> 'move_offer' OR kind = 'move_offer')
RETURNING kind
"""
_SET = """
UPDATE notifications SET status = %(status)s, outcome = %(outcome)s, attempts = %(attempts)s, updated_at = %(now)s
WHERE id = %(id)s AND status IN ('waiting', 'sending')
"""
_TAKE_UP = """
UPDATE notifications SET status = %(status)s, outcome = %(outcome)s, channel = %(channel)s, recipient = %(recipient)s,
    series_entries = coalesce(%(series_entries)s::jsonb, series_entries), updated_at = %(now)s
WHERE id = %(id)s AND status = 'waiting'
"""
_QUEUED_TOGETHER = 1_000
_QUEUE_DUE = f"""
WITH due AS (
    UPDATE notifications SET status = 'waiting', updated_at = %(now)s WHERE id = ANY(ARRAY(
        SELECT id FROM notifications WHERE status = 'planned' AND due_at <= %(now)s
        ORDER BY due_at LIMIT {_QUEUED_TOGETHER} FOR UPDATE SKIP LOCKED))
    RETURNING id, channel, status)
{_QUEUE.format(rows="due")}"""
_REVIVE = f"""
WITH revived AS (
    UPDATE notifications SET status = 'waiting', outcome = '', attempts = 0, updated_at = %(now)s
    WHERE id = %(id)s AND status = 'dead'
    RETURNING id, channel, status)
{_QUEUE.format(rows="revived")}"""
_QUEUE_AGAIN = """
WITH again AS (
    UPDATE notifications SET updated_at = %(now)s WHERE id = %(id)s AND status = 'waiting' RETURNING id, channel)
INSERT INTO procrastinate_jobs (queue_name, task_name, args, scheduled_at)
SELECT CASE channel WHEN 'none' THEN 'changes' ELSE channel END, 'deliver',
    jsonb_strip_nulls(jsonb_build_object('notification_id', id, 'traceparent', %(traceparent)s::text)),
    now() + %(pause)s
FROM again
"""
_REACH = "SELECT FROM notifications LIMIT 1"
_GET_LOCKED = f"SELECT {_COLUMNS} FROM notifications WHERE id = %(id)s FOR UPDATE"


async def counts(pg: Connection) -> list[CountRow]:
    """How many notifications are unfinished, or dead letters that would still be of use, by status."""
    cursor = pg.cursor(row_factory=named(CountRow))
    await cursor.execute(_COUNTS)
    return await cursor.fetchall()


async def add(
    pg: Connection, row: NotificationRow, traceparent: str | None, entries: SeriesEntries | None = None
) -> None:
    """Add a notification unless it exists, and queue it, in this trace, if it is waiting to be sent."""
    values = {"traceparent": traceparent, "series_entries": entries and json.dumps(entries)}
    await pg.execute(_ADD, {**row._asdict(), **values})


async def enter(pg: Connection, row: NotificationRow) -> Sent[NotificationRow]:
    """Add a notification about an appointment unless it exists, without queueing it; the row as it is then."""
    cursor = pg.cursor(row_factory=named(NotificationRow))
    return await cursor.execute(_ENTER, row._asdict())


async def lock(pg: Connection, appointment_id: str) -> None:
    """Keep others from planning notices for an appointment until the transaction ends; does not block bookings."""
    await pg.execute(_LOCK, {"appointment_id": appointment_id})


async def remind(pg: Connection, row: NotificationRow) -> None:
    """Add a reminder, unless there is one of the same appointment at the same time."""
    await pg.execute(_REMIND, row._asdict())


async def supersede(pg: Connection, appointment_id: str, kind: str, version: int, now: datetime) -> Sent[tuple[str]]:
    """Drop unsent notifications about older versions of an appointment, an offer to move only offers; their kinds."""
    values = {"appointment_id": appointment_id, "kind": kind, "version": version, "now": now}
    return await pg.execute(_SUPERSEDE, values)


async def put(
    pg: Connection, notification_id: str, status: str, outcome: str = "", *, attempts: int, now: datetime
) -> None:
    """Update the delivery status of a notification, if it is waiting or being sent."""
    values = {"id": notification_id, "status": status, "outcome": outcome, "attempts": attempts, "now": now}
    await pg.execute(_SET, values)


async def take_up(
    pg: Connection,
    notification_id: str,
    status: str,
    outcome: str,
    *,
    channel: str,
    recipient: str,
    now: datetime,
    entries: SeriesEntries | None,
) -> None:
    """Update a notification that is waiting: its status, channel and recipient, and its entries if there are any."""
    values = {"id": notification_id, "status": status, "outcome": outcome, "channel": channel, "recipient": recipient}
    await pg.execute(_TAKE_UP, {**values, "now": now, "series_entries": entries and json.dumps(entries)})


async def queue_due(pg: Connection, now: datetime) -> None:
    """Queue a batch of planned notifications that are due; any number of workers may do it at once."""
    await pg.execute(_QUEUE_DUE, {"now": now, "traceparent": None})


async def revive(pg: Connection, notification_id: str, now: datetime, traceparent: str | None) -> None:
    """Queue a dead letter again, in this trace and with a full number of attempts; others stay as they are."""
    await pg.execute(_REVIVE, {"id": notification_id, "now": now, "traceparent": traceparent})


async def queue_again(
    pg: Connection, notification_id: str, pause: timedelta, now: datetime, traceparent: str | None
) -> None:
    """Queue a notification that is waiting once more, in this trace, for after a pause."""
    values = {"id": notification_id, "pause": pause, "now": now, "traceparent": traceparent}
    await pg.execute(_QUEUE_AGAIN, values)


async def reach(pg: Connection) -> None:
    """Find out whether the ledger can be read."""
    await (await pg.execute(_REACH)).fetchone()


async def get_locked(pg: Connection, notification_id: str) -> Sent[NotificationRow]:
    """One notification, if it exists; locked until the transaction ends."""
    cursor = pg.cursor(row_factory=named(NotificationRow))
    return await cursor.execute(_GET_LOCKED, {"id": notification_id})


def list_statement(query: NotificationQuery) -> str:
    """The SQL of a query; it mentions only columns that the query restricts."""
    conditions = [
        condition
        for condition, value in (
            ("appointment_id = %(appointment_id)s", query.appointment_id),
            ("status = %(status)s", query.status),
            ("id < %(before_id)s", query.before_id),
        )
        if value is not None
    ]
    where = f"WHERE {' AND '.join(conditions)} " if conditions else ""
    return f"SELECT {_COLUMNS} FROM notifications {where}ORDER BY id DESC LIMIT %(limit)s"


async def find(pg: Connection, query: NotificationQuery) -> list[NotificationRow]:
    """The notifications of a query."""
    cursor = pg.cursor(row_factory=named(NotificationRow))
    await cursor.execute(list_statement(query), query._asdict())
    return await cursor.fetchall()
