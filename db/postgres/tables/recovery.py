"""Backups, as far as the database knows of them."""

from sqlalchemy import PrimaryKeyConstraint, Table, Text

from db.postgres.tables.common import INSTANT, check, metadata, not_null

backup_steps = Table(
    "backup_steps",
    metadata,
    not_null("step", Text(), check("backup_steps_known", "step IN ('backup', 'wal', 'copy', 'restore_check')")),
    not_null("succeeded_at", INSTANT),
    PrimaryKeyConstraint("step", name="backup_steps_pkey"),
)
