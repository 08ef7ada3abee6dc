"""Appointments belong to series."""

from alembic import op

revision = "0040_pre_series"
down_revision = "0039_pre_extra_sessions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE appointments ADD COLUMN series_id uuid")
    # CONCURRENTLY would wait for runners that wait for this one. The table is read once: there are no series yet.
    op.execute(
        """
        -- squawk-ignore require-concurrent-index-creation
        CREATE INDEX appointments_by_series ON appointments (series_id, start_at) WHERE series_id IS NOT NULL
        """
    )


def downgrade() -> None:
    op.execute("ALTER TABLE appointments DROP COLUMN series_id")
