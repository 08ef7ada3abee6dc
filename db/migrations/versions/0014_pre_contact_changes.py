"""New addresses and numbers of patients wait to be confirmed; notices about them."""

from alembic import op

revision = "0014_pre_contact_changes"
down_revision = "0013_pre_told_offsets"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE contact_changes (
            id uuid CONSTRAINT contact_changes_pkey PRIMARY KEY,
            patient_id uuid NOT NULL CONSTRAINT contact_changes_patient_fkey REFERENCES patients,
            kind text NOT NULL CONSTRAINT contact_changes_kind_known CHECK (kind IN ('email', 'phone')),
            value text NOT NULL,
            code_hash bytea,
            tries integer NOT NULL,
            expires_at timestamptz NOT NULL,
            CONSTRAINT contact_changes_one_of_a_kind UNIQUE (patient_id, kind)
        );
        CREATE INDEX contact_changes_by_end ON contact_changes (expires_at);
        ALTER TABLE notifications
            ADD COLUMN patient_id uuid CONSTRAINT notifications_patient_fkey REFERENCES patients,
            DROP CONSTRAINT notifications_one_subject,
            DROP CONSTRAINT notifications_kind_known,
            ADD CONSTRAINT notifications_one_subject
                CHECK (num_nonnulls(appointment_id, account_id, patient_id) = 1) NOT VALID,
            ADD CONSTRAINT notifications_kind_known CHECK (kind IN ('confirmation', 'change', 'cancellation',
                'reminder', 'withdrawal', 'security_warning', 'contact_code', 'contact_changed')) NOT VALID;
        CREATE INDEX notifications_by_patient ON notifications (patient_id, created_at) WHERE patient_id IS NOT NULL;
        CREATE INDEX notifications_by_recipient ON notifications (recipient, created_at) WHERE patient_id IS NOT NULL;
        """
    )
    op.execute("ALTER TABLE notifications VALIDATE CONSTRAINT notifications_one_subject")
    op.execute("ALTER TABLE notifications VALIDATE CONSTRAINT notifications_kind_known")


def downgrade() -> None:
    op.execute(
        """
        DELETE FROM notifications WHERE patient_id IS NOT NULL;
        ALTER TABLE notifications
            DROP COLUMN patient_id,
            DROP CONSTRAINT notifications_kind_known,
            ADD CONSTRAINT notifications_one_subject CHECK (num_nonnulls(appointment_id, account_id) = 1),
            ADD CONSTRAINT notifications_kind_known CHECK (kind IN
                ('confirmation', 'change', 'cancellation', 'reminder', 'withdrawal', 'security_warning'));
        DROP TABLE contact_changes;
        """
    )
