"""Clinics can be looked at without signing in."""

from alembic import op

revision = "0044_pre_public_browsing"
down_revision = "0043_pre_second_factors"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE clinics ADD COLUMN public_browsing boolean NOT NULL DEFAULT false")


def downgrade() -> None:
    op.execute("ALTER TABLE clinics DROP COLUMN public_browsing")
