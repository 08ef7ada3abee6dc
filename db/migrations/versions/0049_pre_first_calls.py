"""When each ticket was first called, for reports; NULL if the release before called it, whose history says it."""

from alembic import op

revision = "0049_pre_first_calls"
down_revision = "0048_pre_registrations"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE tickets ADD COLUMN first_called_at timestamptz")


def downgrade() -> None:
    op.execute("ALTER TABLE tickets DROP COLUMN first_called_at")
