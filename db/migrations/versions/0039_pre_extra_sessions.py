"""Extra sessions of doctors, on single dates."""

from alembic import op

revision = "0039_pre_extra_sessions"
down_revision = "0038_pre_turn_notices"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE doctors ADD COLUMN extra_sessions jsonb NOT NULL DEFAULT '[]'")


def downgrade() -> None:
    op.execute("ALTER TABLE doctors DROP COLUMN extra_sessions")
