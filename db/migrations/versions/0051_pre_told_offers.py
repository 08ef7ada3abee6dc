"""With which version of the appointment the patient is told of an offer: NULL if the release before opened it."""

from alembic import op

revision = "0051_pre_told_offers"
down_revision = "0050_pre_second_factor_notices"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE move_offers ADD COLUMN version integer")


def downgrade() -> None:
    op.execute("ALTER TABLE move_offers DROP COLUMN version")
