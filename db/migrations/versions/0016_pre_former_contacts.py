"""A removed address or number is kept, to notify it of the next one; attempts to enter a code count by account."""

from alembic import op

revision = "0016_pre_former_contacts"
down_revision = "0015_pre_patients_elsewhere"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE patients
            ADD COLUMN former_email text NOT NULL DEFAULT '',
            ADD COLUMN former_phone text NOT NULL DEFAULT '';
        CREATE TABLE contact_tries (
            change_id uuid NOT NULL
                CONSTRAINT contact_tries_change_fkey REFERENCES contact_changes ON DELETE CASCADE,
            account_id text NOT NULL,
            tries integer NOT NULL,
            CONSTRAINT contact_tries_pkey PRIMARY KEY (change_id, account_id)
        );
        CREATE INDEX accounts_by_patient ON accounts (patient_id) WHERE patient_id IS NOT NULL;
        """
    )


def downgrade() -> None:
    op.execute(
        """
        DROP INDEX accounts_by_patient;
        DROP TABLE contact_tries;
        ALTER TABLE patients DROP COLUMN former_email, DROP COLUMN former_phone;
        """
    )
