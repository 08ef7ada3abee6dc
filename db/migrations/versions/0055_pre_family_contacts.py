"""A new address or number is dropped once somebody acts no longer who acted for the patient when it was asked for."""

from alembic import op

revision = "0055_pre_family_contacts"
down_revision = "0054_pre_representatives_added"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE contact_changes ADD COLUMN representative_ids uuid[] NOT NULL DEFAULT '{}'")
    op.execute(
        """
        -- squawk-ignore require-concurrent-index-creation
        CREATE INDEX contact_changes_of_families ON contact_changes (patient_id) WHERE representative_ids <> '{}'
        """
    )


def downgrade() -> None:
    op.execute("ALTER TABLE contact_changes DROP COLUMN representative_ids")
