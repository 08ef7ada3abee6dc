"""Records by the appointment that they are about: an appointment that leaves asks for them."""

from alembic import op

revision = "0008_pre_records_of_appointments"
down_revision = "0007_pre_recent_changes_of_days"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX records_by_appointment ON records (appointment_id) WHERE appointment_id IS NOT NULL")


def downgrade() -> None:
    op.execute("DROP INDEX records_by_appointment")
