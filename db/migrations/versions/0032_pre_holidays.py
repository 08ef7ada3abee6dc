"""Clinics have holidays: days on which they are closed."""

from alembic import op

revision = "0032_pre_holidays"
down_revision = "0031_pre_queue"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE clinics ADD COLUMN holidays date[] NOT NULL DEFAULT '{}'")


def downgrade() -> None:
    op.execute("ALTER TABLE clinics DROP COLUMN holidays")
