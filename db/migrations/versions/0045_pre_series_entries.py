"""Notices of series keep which calendar entries they brought beside their own."""

from alembic import op

revision = "0045_pre_series_entries"
down_revision = "0044_pre_public_browsing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE notifications ADD COLUMN series_entries jsonb")


def downgrade() -> None:
    op.execute("ALTER TABLE notifications DROP COLUMN series_entries")
