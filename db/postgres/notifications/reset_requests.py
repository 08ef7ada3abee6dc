"""Requests for a new password by those who are not signed in."""

from db.postgres.cluster.engines import Connection
from db.postgres.notifications.notifications import NotificationRow

_OF_OWNER = ", ".join("owner.id" if name == "account_id" else f"%({name})s" for name in NotificationRow._fields)
# The job is queued even if nobody has the email, so that both cases write, commit and wait for the disk alike.
_ASK = f"""
WITH owner AS (SELECT id FROM accounts WHERE email = %(email)s AND disabled_at IS NULL),
noted AS (
    INSERT INTO security_events (id, account_id, kind, actor, happened_at)
    SELECT %(event_id)s, owner.id, 'password_reset_requested', 'unknown', %(created_at)s FROM owner),
added AS (
    INSERT INTO notifications ({", ".join(NotificationRow._fields)}) SELECT {_OF_OWNER} FROM owner)
INSERT INTO procrastinate_jobs (queue_name, task_name, args)
VALUES ('email', 'deliver',
    jsonb_strip_nulls(jsonb_build_object('notification_id', %(id)s::text, 'traceparent', %(traceparent)s::text)))
"""


async def ask_for_reset(
    pg: Connection, email: str, notice: NotificationRow, event_id: str, traceparent: str | None
) -> None:
    """Record and queue a notice to the owner of an email; whether anybody has it shows in no way.

    `notice` is without an account.
    """
    values = {**notice._asdict(), "email": email, "event_id": event_id, "traceparent": traceparent}
    await pg.execute(_ASK, values)
