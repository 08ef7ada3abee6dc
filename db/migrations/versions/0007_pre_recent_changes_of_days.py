"""Days by the time of their last change: workers look for those that changed lately."""

from alembic import op

revision = "0007_pre_recent_changes_of_days"
down_revision = "0006_pre_history_of_the_epoch"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX schedule_days_by_change ON schedule_days (changed_at)")


def downgrade() -> None:
    op.execute("DROP INDEX schedule_days_by_change")
