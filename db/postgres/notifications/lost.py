"""Notices that are not finished, and that no job sees to any more."""

from datetime import datetime

from db.postgres.cluster.engines import Connection

_TOGETHER = 100
_QUEUE = f"""
WITH lost AS (
    UPDATE notifications SET updated_at = %(now)s WHERE id = ANY(ARRAY(
        SELECT n.id FROM notifications n
        WHERE n.status IN ('waiting', 'sending') AND n.updated_at < %(before)s
            AND NOT EXISTS (
                SELECT FROM procrastinate_jobs j
                WHERE j.status IN ('todo', 'doing') AND j.args ->> 'notification_id' = n.id::text)
            AND NOT EXISTS (
                SELECT FROM procrastinate_jobs j
                WHERE j.status IN ('todo', 'doing') AND j.args ->> 'appointment_id' = n.appointment_id::text
                    AND j.args ->> 'kind' = n.kind AND j.args ->> 'version' = n.version::text)
        ORDER BY n.id LIMIT {_TOGETHER} FOR UPDATE OF n SKIP LOCKED))
    RETURNING id, channel)
INSERT INTO procrastinate_jobs (queue_name, task_name, args)
SELECT CASE channel WHEN 'none' THEN 'changes' ELSE channel END, 'deliver', jsonb_build_object('notification_id', id)
FROM lost RETURNING true
"""


async def queue(pg: Connection, now: datetime, before: datetime) -> int:
    """Queue a batch of those that have not changed since `before`; how many. Any number of workers may do it at once.

    One that was being sent becomes a dead letter when its job runs, as its outcome is unknown.
    """
    return len(await (await pg.execute(_QUEUE, {"now": now, "before": before})).fetchall())
